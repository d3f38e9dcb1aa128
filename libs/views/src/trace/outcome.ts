/** How a run, a stage or an attempt ended, in the words of the conventions for CI/CD. */
import type { AnyReason, Entry, Reason, Report, TimedEntry } from "@baton/contracts";

/** `error`: what `error.type` says of it; undefined if it is no failure. */
export interface Ending {
  readonly result: "success" | "failure" | "timeout" | "cancellation";
  readonly error: string | undefined;
}

/** Reasons of which something failed. */
const FAILED: ReadonlySet<AnyReason> = new Set<Reason>([
  "LOOPED_BACK",
  "INCIDENT",
  "GATE_FAILED",
  "GATE_INCONCLUSIVE",
  "RETRIES_EXHAUSTED",
  "SAME_FAILURE",
  "DETERMINISTIC_FAILURE",
  "SPEC_INVALID",
  "POLICY_DENIED",
  "BUDGET",
  "EVIDENCE_MISSING",
  "TRANSITION_DENIED",
  "DEADLINE_PASSED",
  "STALLED",
  "RESULT_UNREADABLE",
  "LANE_CRASH_LOOP",
  "RECOVERED",
  "REJECTED",
]);
/** Those by which it's known that what failed before was got over. */
const WENT_ON: ReadonlySet<AnyReason> = new Set<Reason>([
  "STAGE_PASSED",
  "APPROVAL_REQUIRED",
  "APPROVED",
  "COMPLETED",
]);

/** What failed at this entry: the class of the failure, or the reason; undefined if nothing did. */
export function errorOf({
  reason,
  failure,
}: Pick<Entry, "reason" | "failure">): string | undefined {
  if (!FAILED.has(reason)) return undefined;
  // A gate leads back, or to a person: it failed either way.
  return failure?.class ?? (reason === "LOOPED_BACK" ? "GATE_FAILED" : reason);
}

/** How it ended: `entries` are those after its first, with the one that ended it. */
export function endingOf(entries: readonly TimedEntry[]): Ending {
  let error: string | undefined;
  let late = false;
  for (const { entry } of entries) {
    const found = errorOf(entry);
    if (found !== undefined || WENT_ON.has(entry.reason)) {
      error = found;
      late = entry.reason === "DEADLINE_PASSED";
    }
  }
  if (error !== undefined) return { result: late ? "timeout" : "failure", error };
  const went = WENT_ON.has(entries.at(-1)?.entry.reason ?? "CANCELLED");
  return { result: went ? "success" : "cancellation", error };
}

/** How an attempt ended, by its lane's report. */
export function attemptEnding(report: Report): Ending {
  const failure =
    report.type === "attempt"
      ? report.failure
      : report.outcome.kind === "failed"
        ? report.outcome.failure
        : undefined;
  if (failure) return { result: "failure", error: failure.class };
  const verdict = verdictOf(report);
  if (verdict === "fail") return { result: "failure", error: "GATE_FAILED" };
  if (verdict === "inconclusive") return { result: "failure", error: "GATE_INCONCLUSIVE" };
  return { result: "success", error: undefined };
}

/** What the lane says of its result; undefined if the attempt failed. */
export function verdictOf(report: Report): string | undefined {
  return report.type === "result" && report.outcome.kind === "done"
    ? report.outcome.verdict
    : undefined;
}

/** Code of the failure that the attempt ended in. */
export function failureCodeOf(report: Report): string | undefined {
  if (report.type === "attempt") return report.failure.code;
  return report.outcome.kind === "failed" ? report.outcome.failure.code : undefined;
}
