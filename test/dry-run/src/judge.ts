/** Holds what happened against what each story is there to show. Pure. */
import { GateReport } from "@baton/artifacts";
import type { Entry } from "@baton/contracts";
import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { z } from "zod";

import { judgeIncident, judgeTrend } from "./judge-live.ts";
import { type Case, endsAs, jsonOf, type Matter, type Notes } from "./judge-notes.ts";
import type { Story, StoryName } from "./stories.ts";

/** Where a story ended, and whether that is as it should be. */
export interface Verdict {
  readonly name: StoryName;
  readonly candidateId: string;
  readonly expected: string;
  readonly ok: boolean;
  /** What differs from the expectation; empty if it's as it should be. */
  readonly differences: readonly string[];
  /** What was seen of what is expected. */
  readonly seen: readonly string[];
  /** Its last entry; null if there's none. */
  readonly end: (Pick<Entry, "holder" | "stage" | "reason"> & { readonly detail: string }) | null;
  /** What a person is asked to do, if it waits for one. */
  readonly action: string | null;
}

/** Judges every story. */
export function judge(stories: readonly Story[], of: Case): Verdict[] {
  return stories.map((story) => {
    const { name, candidateId, expected } = story;
    const differences: string[] = [];
    const seen: string[] = [];
    const trouble = of.played.trouble.get(name);
    if (trouble !== undefined) differences.push(trouble);
    const evidence = of.evidence.get(name === "duplicate" ? "trend" : name);
    const last = evidence?.entries.at(-1)?.entry;
    const notes: Notes = {
      check: (holds, right, wrong) => void (holds ? seen.push(right) : differences.push(wrong)),
    };
    if (!evidence || !last) differences.push("the journal doesn't know it");
    else JUDGES[name]({ notes, evidence, last, of });
    const end = last && {
      holder: last.holder,
      stage: last.stage,
      reason: last.reason,
      detail: particularsOf(last),
    };
    return {
      name,
      candidateId,
      expected,
      differences,
      seen,
      ok: differences.length === 0,
      end: end ?? null,
      action: last?.review ? inTerminal(adviceOn(last)) : null,
    };
  });
}

const JUDGES: Readonly<Record<StoryName, (matter: Matter) => void>> = {
  trend: judgeTrend,
  incident: judgeIncident,
  "curve-fitted": judgeCurveFitted,
  "flaky-source": judgeFlakySource,
  "broken-spec": judgeBrokenSpec,
  duplicate: judgeDuplicate,
  interrupted: judgeInterrupted,
  "steady-climb": judgeSteadyClimb,
  peeking: judgePeeking,
};

function judgeCurveFitted(matter: Matter): void {
  const { notes, evidence, last } = matter;
  endsAs(matter, "review", "GATE_FAILED");
  const reports = evidence.artifacts
    .filter(({ ref }) => ref.name === "gates/gate-evaluation.json")
    .map(({ bytes }) => GateReport.safeParse(jsonOf(bytes)).data);
  const failing = reports.filter((report) =>
    report?.gates.some(({ gateId, status }) => gateId.startsWith("gate1") && status === "fail"),
  );
  notes.check(
    failing.length === 2,
    "gate 1 failed in both runs",
    `gate 1 failed in ${failing.length} of ${reports.length} gate reports; expected 2 of 2`,
  );
  const reasons = evidence.basis.feedback.flatMap((one) => one.reasons);
  notes.check(
    last.loops === 1 && reasons.length > 0,
    `went back once with ${reasons.length} reasons: ${reasons[0] ?? ""}`,
    `went back ${last.loops} times with ${reasons.length} reasons; expected once, with reasons`,
  );
  asksSomebody(matter);
}

function judgeFlakySource(matter: Matter): void {
  const { notes, evidence } = matter;
  endsAs(matter, "closed", "COMPLETED");
  const attempts = evidence.reports
    .map(({ report }) => report)
    .filter((report) => report.type === "attempt");
  const unavailable = attempts.filter(({ failure }) => failure.code === "E_DATA_UNAVAILABLE");
  notes.check(
    attempts.length === 2 && unavailable.length === 2,
    "failed twice (E_DATA_UNAVAILABLE), retried twice",
    `${attempts.length} failed attempts, ${unavailable.length} of them E_DATA_UNAVAILABLE; expected 2`,
  );
  const [first = 0, second = 0] = attempts.map(
    ({ time, retryAt }) => Date.parse(retryAt) - Date.parse(time),
  );
  notes.check(
    second > first && first > 0,
    `delays ${first} ms, ${second} ms`,
    `delays of ${first} and ${second} ms don't grow`,
  );
  const reasons = evidence.entries.map(({ entry }) => entry.reason);
  const paused = reasons.indexOf("PAUSED");
  notes.check(paused >= 0, "paused and resumed by a person", "was never paused");
}

function judgeBrokenSpec(matter: Matter): void {
  const { notes, evidence, last } = matter;
  endsAs(matter, "review", "SPEC_INVALID");
  const { length } = evidence.reports;
  notes.check(length === 1, "attempted once", `was attempted ${length} times; expected once`);
  const message = last.failure?.message ?? "";
  const named = ["universe", "strategy", "costsBps", "regimes", "expectation", "promotion"].filter(
    (field) => message.includes(field),
  );
  notes.check(
    named.length === 6,
    "all six mistakes are named",
    `the message names ${named.join(", ") || "nothing"}; expected six fields`,
  );
  asksSomebody(matter);
}

const Submitted = z.object({
  strategy: z.object({
    authored: z.object({ source: z.object({ sha256: z.string() }) }),
  }),
});

function judgeSteadyClimb(matter: Matter): void {
  const { notes, evidence } = matter;
  endsAs(matter, "closed", "COMPLETED");
  const sources = evidence.artifacts.filter(({ ref }) => ref.name === "build/plugin-source.ts");
  const [{ ref } = {}] = sources;
  const wanted = Submitted.safeParse(evidence.basis.spec).data?.strategy.authored.source.sha256;
  notes.check(
    sources.length === 1 && ref?.sha256 === wanted,
    "what was built and traded is the source that was submitted",
    `the run's source is ${ref?.sha256 ?? "absent"}; ${wanted ?? "none"} was submitted`,
  );
}

function judgePeeking(matter: Matter): void {
  const { notes, evidence, last } = matter;
  endsAs(matter, "review", "SPEC_INVALID");
  const { code, message } = last.failure ?? {};
  notes.check(
    code === "E_LOOK_AHEAD" && /row \d+ \(\d{4}-\d\d-\d\d\)/.test(message ?? ""),
    `refused: ${message ?? ""}`,
    `ended with ${code ?? "no failure"}: ${message ?? ""}; expected E_LOOK_AHEAD with its row`,
  );
  const retried = evidence.reports.filter(({ report }) => report.type === "attempt");
  notes.check(
    retried.length === 0,
    "not tried again",
    `was tried again ${retried.length} times; expected never`,
  );
  asksSomebody(matter);
}

function judgeDuplicate({ notes, of }: Matter): void {
  const receipts = of.played.receipts.filter(
    ({ story }) => story === "trend" || story === "duplicate",
  );
  const [first, second] = receipts.map(({ receipt }) => receipt.outcome);
  const same =
    first !== undefined &&
    second?.duplicate === true &&
    first.sequence === second.sequence &&
    first.runId === second.runId &&
    first.stage === second.stage &&
    first.time === second.time;
  notes.check(
    same,
    `got the receipt of ${first?.time ?? ""} again (journal ${first?.sequence ?? 0}, duplicate)`,
    "its receipt isn't the original one",
  );
}

function judgeInterrupted(matter: Matter): void {
  const { notes, evidence, of } = matter;
  endsAs(matter, "closed", "COMPLETED");
  const { kill } = of.played;
  notes.check(
    kill !== undefined,
    `lane-c was killed ${kill?.workedMs ?? 0} ms into it and was back after ${kill?.backMs ?? 0} ms`,
    "lane-c wasn't killed",
  );
  const backtests = evidence.reports.filter(({ report }) => report.stage === kill?.stage);
  const attempt = backtests.at(-1)?.report.attempt ?? 0;
  notes.check(
    backtests.length === 1 && attempt > 1,
    `its backtest was answered once, by delivery ${attempt}`,
    `its backtest has ${backtests.length} reports, the last by delivery ${attempt}; expected one, by a later one`,
  );
}

function asksSomebody({ notes, last }: Matter): void {
  const { review, deadline } = last;
  notes.check(
    review !== null && (review.answers ?? []).length > 0 && deadline !== null,
    "asks a person, with answers and a deadline",
    "asks nobody, or without answers or a deadline",
  );
}
