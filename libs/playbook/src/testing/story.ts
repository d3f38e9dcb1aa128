/** One candidate's story in memory: its journal, a clock, and every question that was asked, so that it can be replayed. */
import {
  type Command,
  type CommandType,
  type ControlCommandType,
  earlierOf,
  Entry,
  type EvidenceRecord,
  type Lane,
  type Report,
  type StageRun,
  type StoredWhole,
  type WholeEntry,
  wholeOf,
  wireOf,
} from "@baton/contracts";

import { decide } from "../candidate/decide.ts";
import type { Decision, Happening, Question } from "../candidate/decision.ts";
import type { ControlDecision } from "../controls/control-step.ts";
import { parsePlaybook, type Playbook, stageRule } from "../format/playbook.ts";
import { candidateIdOf, digestOf } from "../identify.ts";
import { shiftInstant } from "../instant.ts";
import { type ControlWish, MeshControls } from "./mesh-controls.ts";
import { attemptFor, type Evidence, evidenceFor, type Result, resultFor } from "./reports.ts";

/** A document's playbook; throws with its faults if it isn't one. */
export function loaded(document: unknown): Playbook {
  const result = parsePlaybook(document);
  if (!result.ok) throw new Error(result.faults.join("\n"));
  return result.playbook;
}

export const AUTHOR = "ada";
export const SPEC = { schema: "any", promotion: { target: "live" } };

export interface Told {
  readonly question: Question;
  readonly decision: Decision;
}

export type Wish = { readonly by?: string; readonly why?: string; readonly id?: string } & {
  readonly evidence?: string;
  readonly spec?: Record<string, unknown>;
  /** Of a resumption: more of a budget. */
  readonly grant?: { readonly tokens?: number };
  /** Roles that the key registry gives the sender; without it there is no registry. */
  readonly roles?: readonly string[];
};

/** What tests do with a candidate. `journal` grows by the entries decided; sequences have gaps, as in a shared stream. */
export class Story {
  readonly playbook: Playbook;
  readonly journal: (StoredWhole & { readonly text: string })[] = [];
  readonly told: Told[] = [];
  readonly controls: MeshControls;
  now = "2026-03-01T09:00:00.000Z";

  constructor(playbook: Playbook) {
    this.playbook = playbook;
    this.controls = new MeshControls(playbook);
  }

  last(): StoredWhole & { readonly text: string } {
    const stored = this.journal.at(-1);
    if (!stored) throw new Error("the journal is empty");
    return stored;
  }

  entry(): WholeEntry {
    return this.last().entry;
  }

  /** The latest dispatch to a lane. */
  dispatched(): StoredWhole {
    const stored = this.journal.findLast(({ entry }) => entry.awaits === 0);
    if (!stored) throw new Error("nothing was dispatched");
    return stored;
  }

  wait(seconds: number): void {
    this.now = shiftInstant(this.now, seconds * 1000);
  }

  /** A second later, something happens; what it leads to is written down. */
  ask(happening: Happening, evidence: EvidenceRecord | null = null): Decision {
    this.wait(1);
    const { journal, playbook, now } = this;
    const controls = this.controls.last();
    const question = { last: journal.at(-1), happening, playbook, evidence, controls, now };
    const decision = decide(question);
    this.told.push({ question, decision });
    if (decision.kind === "append") {
      const sequence = (journal.at(-1)?.sequence ?? 0) + 1 + (journal.length % 3);
      journal.push(asStored(sequence, decision.entry, journal.at(-1)));
    }
    return decision;
  }

  command(type: CommandType, wish: Wish = {}): Decision {
    const id = wish.id ?? `command-${this.told.length}`;
    const command = commandOf(type, { ...wish, id }, this.now);
    const identity = wish.roles && { identity: { name: command.by, roles: wish.roles } };
    return this.ask({ kind: "command", command, sampled: true, ...identity });
  }

  /** A result of the latest dispatch, by default a pass with everything the playbook asks for, and what is verified about it. */
  result(result: Result = {}, evidence: Evidence = {}): Decision {
    const dispatch = this.dispatched();
    const rule = stageRule(this.playbook, dispatch.entry.stage);
    const report = resultFor(dispatch, rule, result);
    return this.report(report, evidenceFor(report, rule, evidence));
  }

  attempt(attempt: Parameters<typeof attemptFor>[2] = {}): Decision {
    const dispatch = this.dispatched();
    const rule = stageRule(this.playbook, dispatch.entry.stage);
    return this.report(attemptFor(dispatch, rule, attempt));
  }

  report(report: Report, evidence: EvidenceRecord | null = null): Decision {
    const sequence = 900 + this.told.length;
    const storedAt = stampOf(this.now);
    return this.ask({ kind: "report", report, sequence, storedAt }, evidence);
  }

  exhausted(deliveries = 8): Decision {
    return this.ask({ kind: "exhausted", dispatch: this.dispatched().sequence, deliveries });
  }

  /** The result of the latest dispatch is stored, and nobody can read it. */
  unreadable(why: string, elsewhere: Partial<StageRun & { lane: Lane }> = {}): Decision {
    const { candidateId, stage, runId } = this.dispatched().entry;
    const { lane } = stageRule(this.playbook, stage);
    const sequence = 900 + this.told.length;
    const place = { candidateId, stage, runId, lane, ...elsewhere };
    return this.ask({ kind: "unreadable", ...place, sequence, why });
  }

  /** Somebody changes the mesh's controls, a second later. */
  control(type: ControlCommandType, wish: ControlWish = {}): ControlDecision {
    this.wait(1);
    return this.controls.command(type, this.now, wish);
  }

  /** The open incident, by its place, is held against the candidate. */
  incident(index = -1): Decision {
    const incidentId = this.controls.last()?.controls.incidents.at(index)?.id ?? "inc-none";
    return this.ask({ kind: "incident", incidentId });
  }

  /** Stops may be over: what was kept is looked at again, with what is verified about it. */
  lifted(evidence: Evidence = {}): Decision {
    const report = this.entry().kept?.report;
    const rule = stageRule(this.playbook, this.entry().stage);
    return this.ask({ kind: "lifted" }, report ? evidenceFor(report, rule, evidence) : null);
  }

  /** The deadline of the last entry passes. */
  deadline(): Decision {
    this.now = this.entry().deadline ?? this.now;
    return this.ask({ kind: "deadline" });
  }
}

/** The entry as a reader gets it: from its bytes, and from what the entries that it names have brought. */
function asStored(
  sequence: number,
  whole: WholeEntry,
  last: StoredWhole | undefined,
): StoredWhole & { readonly text: string } {
  const text = JSON.stringify(wireOf(whole));
  const earlier = earlierOf(whole.basis, last);
  const entry = wholeOf(Entry.parse(JSON.parse(text)), earlier);
  return { sequence, sha256: digestOf(text), entry, earlier, text };
}

/** When the broker stored something, to the microsecond. */
export function stampOf(now: string): string {
  return now.replace("Z", "000Z");
}

/** A story whose candidate was submitted. */
export function begun(playbook: Playbook, wish: Wish = {}): Story {
  const story = new Story(playbook);
  story.command("submit", wish);
  return story;
}

/** A story in which `stage` was just dispatched, every stage before having passed and every approval given. */
export function arrivedAt(playbook: Playbook, stage: string): Story {
  const story = begun(playbook);
  for (let steps = 0; story.entry().stage !== stage; steps += 1) {
    if (steps > 100) throw new Error(`${stage} isn't on the way`);
    if (story.entry().reason === "APPROVAL_REQUIRED")
      story.command("approve", { by: `eve-${steps}` });
    else story.result();
  }
  return story;
}

export function commandOf(type: CommandType, wish: Wish & { id: string }, time: string): Command {
  const { by = type === "submit" ? AUTHOR : "bob", why = "because", evidence, spec = SPEC } = wish;
  const common = { v: 1, id: wish.id, candidateId: candidateIdOf(SPEC), time, by } as const;
  if (type === "submit") return { ...common, type, spec };
  if (type === "resume") return { ...common, type, why, ...(wish.grant && { grant: wish.grant }) };
  if (type !== "approve") return { ...common, type, why };
  return { ...common, type, why, ...(evidence !== undefined && { evidence }) };
}

/** The entry a decision appends; throws with the decision if it is none. */
export function appended(decision: Decision): WholeEntry {
  if (decision.kind !== "append") throw new Error(JSON.stringify(decision));
  return decision.entry;
}

/** `REASON holder`, `ignore why` or the code of the refusal. */
export function shown(decision: Decision): string {
  switch (decision.kind) {
    case "append":
      return `${decision.entry.reason} ${decision.entry.holder}`;
    case "ignore":
      return `ignore ${decision.why}`;
    case "reject":
      return decision.code;
  }
}
