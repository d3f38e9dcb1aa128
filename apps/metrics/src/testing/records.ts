/** Reports and entries as lanes and the coordinator write them. */
import { type WholeEntry, Report } from "@baton/contracts";
import { sampleEntry, type SampleChanges } from "@baton/testkit";

const TRACE = `00-${"a".repeat(32)}-${"b".repeat(16)}-00`;

/** A done result, or what `changes` make of it, with its keys in the order in which lanes write them. */
export function report(
  candidateId: string,
  changes: Readonly<Record<string, unknown>> = {},
): Report {
  const { outcome, ...rest } = {
    ...envelope(candidateId),
    type: "result",
    outcome: { kind: "done", verdict: "pass", summary: "built", artifacts: [] },
    ...changes,
  };
  const written = rest.type === "attempt" ? rest : { ...rest, outcome };
  assertReport(written);
  return written;
}

function envelope(candidateId: string) {
  return {
    v: 1,
    candidateId,
    stage: "candidate-build",
    runId: "run-0001",
    time: "2026-03-01T09:00:42.500Z",
    trace: TRACE,
    lane: "lane-b",
    answers: 12,
    attempt: 1,
    startedAt: "2026-03-01T09:00:00.000Z",
    handoff: { from: "research-intake", ms: 0.4 },
    id: `${candidateId}.candidate-build.run-0001`,
  };
}

function assertReport(value: unknown): asserts value is Report {
  Report.parse(value);
}

/** Changes that make a report one of a failed attempt that is tried again. */
export const FAILED_ATTEMPT = {
  type: "attempt",
  failure: { class: "transient", code: "E_TEST", message: "not yet", action: "Wait." },
  retryAt: "2026-03-01T09:01:00.000Z",
} as const;

/** Changes that make a report one of a stage run that failed for good. */
export const FAILED_RESULT = {
  outcome: {
    kind: "failed",
    failure: { class: "spec", code: "E_TEST", message: "no", action: "Mend it." },
  },
} as const;

/** An entry of a candidate, the first one unless `changes` says otherwise. */
export function entry(candidateId: string, changes: SampleChanges = {}): WholeEntry {
  return sampleEntry({ candidateId, runId: "run-0001", reason: "SUBMITTED", ...changes });
}

/** The bytes under which a record is stored. */
export function bytesOf(record: unknown): Uint8Array {
  return new TextEncoder().encode(typeof record === "string" ? record : JSON.stringify(record));
}
