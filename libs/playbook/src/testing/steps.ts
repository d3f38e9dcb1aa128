/** Steps of a random story: what lanes, people, clocks and the broker do to a candidate, in whatever order. */
import type {
  ArtifactRef,
  CommandType,
  ControlCommandType,
  EvidenceRecord,
  FailureClass,
  Lane,
  ResultReport,
  Verdict,
} from "@baton/contracts";

import type { Happening } from "../candidate/decision.ts";
import { evidenceNeeded } from "../candidate/evidence.ts";
import { type StageRule, stageRule } from "../format/playbook.ts";
import { isStopped } from "../policies/stops.ts";
import {
  artifactOf,
  artifactsFor,
  attemptFor,
  type Evidence,
  evidenceFor,
  failureOf,
  type Result,
  resultFor,
} from "./reports.ts";
import { commandOf, stampOf, type Story } from "./story.ts";

/** Which dispatch a report is about: 0 the latest, 1 the one before, and so on around. */
interface About {
  readonly pick: number;
  readonly lane: Lane | null;
  readonly attempt: number;
}

export type Step =
  | (About & {
      readonly do: "result";
      readonly as: Verdict | FailureClass;
      readonly artifacts: "all" | "none" | "fewer" | "twice" | "foreign" | "other's" | "many";
      readonly evidence: "right" | "missing" | "altered" | "no gate" | "gate fails" | "other gate";
      readonly text: string;
    })
  | (About & {
      readonly do: "attempt";
      readonly class: FailureClass;
      /** It waits for what is away. */
      readonly waits: boolean;
    })
  | { readonly do: "exhausted"; readonly pick: number; readonly deliveries: number }
  | {
      readonly do: "no-workers" | "workers-back" | "service-away";
      readonly pick: number;
      readonly lane: Lane | null;
    }
  | {
      readonly do: "command";
      readonly type: CommandType;
      readonly by: string;
      readonly why: string;
      readonly evidence: "none" | "right" | "wrong";
    }
  | {
      readonly do: "control";
      readonly type: ControlCommandType;
      readonly by: string;
      readonly scope: "candidate" | "lane" | "all";
      readonly lane: Lane;
    }
  /** What a coordinator does when the controls changed. */
  | { readonly do: "incident" | "lifted" }
  /** Something that happened before is delivered again. */
  | { readonly do: "again"; readonly pick: number }
  | { readonly do: "tick"; readonly seconds: number }
  /** What willing lanes and people would do. */
  | { readonly do: "onward"; readonly steps: number };

const EVIDENCE: Record<Extract<Step, { do: "result" }>["evidence"], (name: string) => Evidence> = {
  right: () => ({}),
  missing: (name) => ({ found: { [name]: "missing" } }),
  altered: (name) => ({ found: { [name]: "altered" } }),
  "no gate": () => ({ gate: null }),
  "gate fails": () => ({
    gate: "fail",
    reasons: Array.from({ length: 50 }, () => "r".repeat(300)),
  }),
  "other gate": () => ({ gateSha: "0".repeat(64) }),
};

function outcomeOf({ as, text }: Extract<Step, { do: "result" }>): Result {
  switch (as) {
    case "pass":
    case "fail":
    case "inconclusive":
      return { verdict: as, summary: text };
    case "transient":
    case "deterministic":
    case "spec":
    case "policy":
      return { failure: { ...failureOf(as), message: text } };
  }
}

/** A story that random steps are played in: evidence is looked for only where the core asks for it, as a coordinator does. */
export class Play {
  readonly story: Story;
  readonly #evidence = new Map<ResultReport, EvidenceRecord | null>();

  constructor(story: Story) {
    this.story = story;
  }

  step(step: Step): void {
    const { story } = this;
    if (step.do === "onward") {
      playOut(story, step.steps);
      return;
    }
    if (step.do === "control") {
      this.#control(step);
      return;
    }
    const happening = this.#happening(step);
    if (!happening) return;
    const needed = evidenceNeeded(story.journal.at(-1), happening, story.playbook);
    story.ask(happening, needed && (this.#evidence.get(needed.report) ?? null));
  }

  #control({ type, by, scope, lane }: Extract<Step, { do: "control" }>): void {
    const { story } = this;
    const { candidateId } = story.entry();
    const state = story.controls.last()?.controls;
    const scopes = {
      candidate: { kind: "candidate", candidateId },
      lane: { kind: "lane", lane },
      all: { kind: "all" },
    } as const;
    const incidentId = state?.incidents.at(-1)?.id;
    const taskId = state?.tasks.at(-1)?.id;
    story.control(type, {
      by,
      candidateId,
      scope: scopes[scope],
      ...(incidentId !== undefined && { incidentId }),
      ...(taskId !== undefined && { taskId }),
    });
  }

  #happening(step: Exclude<Step, { do: "onward" | "control" }>): Happening | undefined {
    const { story } = this;
    switch (step.do) {
      case "incident": {
        const incidentId = story.controls.last()?.controls.incidents.at(-1)?.id;
        return incidentId === undefined ? undefined : { kind: "incident", incidentId };
      }
      case "lifted":
        return { kind: "lifted" };
      case "again":
        return story.told.at(-1 - (step.pick % story.told.length))?.question.happening;
      case "tick":
        story.wait(step.seconds);
        return { kind: "deadline" };
      case "command":
        return this.#command(step);
      case "exhausted": {
        const dispatch = this.#dispatch(step.pick).sequence;
        return { kind: "exhausted", dispatch, deliveries: step.deliveries };
      }
      case "no-workers":
      case "workers-back":
      case "service-away": {
        const { sequence, entry } = this.#dispatch(step.pick);
        const lane = step.lane ?? stageRule(story.playbook, entry.stage).lane;
        const noted = step.pick % 2 === 1 && { noted: true as const };
        return { kind: step.do, dispatch: sequence, lane, since: story.now, waiting: 3, ...noted };
      }
      case "attempt":
      case "result": {
        const report = this.#report(step);
        return {
          kind: "report",
          report,
          sequence: 900 + story.told.length,
          storedAt: stampOf(story.now),
        };
      }
    }
  }

  #command(step: Extract<Step, { do: "command" }>): Happening {
    const { story } = this;
    const right = story.journal.at(-1)?.entry.review?.evidence ?? "1".repeat(64);
    const evidence = { none: {}, right: { evidence: right }, wrong: { evidence: "0".repeat(64) } };
    const id = `command-${story.told.length}`;
    const wish = { id, by: step.by, why: step.why, ...evidence[step.evidence] };
    return { kind: "command", command: commandOf(step.type, wish, story.now), sampled: false };
  }

  #report(step: Extract<Step, { do: "attempt" | "result" }>) {
    const of = this.#dispatch(step.pick);
    const rule = stageRule(this.story.playbook, of.entry.stage);
    const about = { attempt: step.attempt, lane: step.lane ?? rule.lane };
    if (step.do === "attempt")
      return attemptFor(of, rule, { ...about, class: step.class, waits: step.waits });
    const artifacts = this.#artifacts(step.artifacts, rule, step.pick);
    const report = resultFor(of, rule, { ...about, ...outcomeOf(step), artifacts });
    const name = artifacts.at(-1)?.name ?? "";
    this.#evidence.set(report, evidenceFor(report, rule, EVIDENCE[step.evidence](name)));
    return report;
  }

  #artifacts(
    kind: Extract<Step, { do: "result" }>["artifacts"],
    rule: StageRule,
    pick: number,
  ): ArtifactRef[] {
    const of = this.#dispatch(pick);
    const all = artifactsFor(of, rule);
    switch (kind) {
      case "all":
        return all;
      case "none":
        return [];
      case "fewer":
        return all.slice(1);
      case "twice":
        return [...all, ...all.slice(-1)];
      case "foreign":
        return all.map((one) => ({ ...one, runId: "run-of-another" }));
      case "other's":
        return [...all, ...of.entry.artifacts.slice(0, 1).map(({ name }) => artifactOf(of, name))];
      case "many": {
        const many = Array.from({ length: 120 }, (_, index) => `many/${rule.stage}-${index}`);
        return [...all, ...many.map((name) => artifactOf(of, name))];
      }
    }
  }

  #dispatch(pick: number) {
    const all = this.story.journal.filter(({ entry }) => entry.awaits === 0);
    const found = all.at(-1 - (pick % all.length));
    if (!found) throw new Error("nothing was dispatched");
    return found;
  }
}

/** Plays a story to its end as willing lanes and people would; false if it hasn't ended after `most` steps. */
export function playOut(story: Story, most = 200): boolean {
  for (let steps = 0; steps < most; steps += 1) {
    const { holder, reason } = story.entry();
    if (holder === "closed") return true;
    story.controls.calm(story.now);
    if (isStopped(story.entry())) {
      story.lifted();
      continue;
    }
    if (holder !== "review") story.result();
    else if (reason === "APPROVAL_REQUIRED")
      story.command("approve", { by: `eve-${story.told.length}` });
    else if (story.command("resume").kind === "reject") story.command("cancel");
  }
  return story.entry().holder === "closed";
}
