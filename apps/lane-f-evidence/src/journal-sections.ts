/** What a journal tells about approvals, retries, holds and gates, as sections of an audit pack. */
import type { Entry, WholeEntry } from "@baton/contracts";

import type { JournalEntry } from "./ports.ts";

const where = ({ sequence, time, entry }: JournalEntry) => ({
  sequence,
  time,
  stage: entry.stage,
  runId: entry.runId,
});

/** Ids, times and versions of the run, and of the runs before it. */
export function runSection(entries: readonly JournalEntry[], entry: WholeEntry): unknown {
  return {
    candidateId: entry.candidateId,
    runId: entry.runId,
    runs: [...new Set(entries.map((row) => row.entry.runId))],
    iteration: entry.iteration,
    loops: entry.loops,
    author: entry.author,
    spec: entry.spec,
    playbook: entry.playbook,
    stages: entry.visited,
    submittedAt: entries[0]?.time ?? null,
    auditedAt: entries.at(-1)?.time ?? null,
    journal: { first: entries[0]?.sequence ?? null, last: entries.at(-1)?.sequence ?? null },
    feedback: entry.feedback,
  };
}

/** What people were asked and what they answered, with the digest of what they saw. */
export function approvalsSection(entries: readonly JournalEntry[], entry: Entry): unknown {
  return {
    given: entry.approvals,
    reviews: entries
      .filter((row) => row.entry.review !== null)
      .map((row) => ({ ...where(row), reason: row.entry.reason, review: row.entry.review })),
    commands: entries.flatMap((row) =>
      row.entry.cause.kind === "command" ? [{ ...where(row), command: row.entry.cause }] : [],
    ),
  };
}

/** What people and the coordinator's own watch did to it, besides answering reviews. */
const CONTROLS: readonly Entry["cause"]["kind"][] = [
  "deadline",
  "exhausted",
  "unreadable",
  "no-workers",
  "workers-back",
  "service-away",
  "incident",
  "lifted",
];

/** Failed attempts, holds, deadlines that passed, lanes that were gone, incidents, and what stopped it on its way. */
export function retriesSection(entries: readonly JournalEntry[], entry: Entry) {
  return {
    failuresByStage: entry.failures,
    attempts: entries
      .filter((row) => row.entry.failure !== null || row.entry.attempt > 0)
      .map((row) => ({
        ...where(row),
        attempt: row.entry.attempt,
        failure: row.entry.failure,
        reason: row.entry.reason,
      })),
    holds: entries
      .filter((row) => row.entry.hold !== null || row.entry.reason === "RESUMED")
      .map((row) => ({ ...where(row), reason: row.entry.reason, hold: row.entry.hold })),
    controls: entries
      .filter(({ entry: { cause } }) => CONTROLS.includes(cause.kind))
      .map((row) => ({ ...where(row), reason: row.entry.reason, cause: row.entry.cause })),
  };
}

/** What the coordinator itself verified before each move. */
export function verifiedGates(entries: readonly JournalEntry[]): unknown[] {
  return entries.flatMap((row) =>
    row.entry.evidence === null
      ? []
      : [
          {
            ...where(row),
            from: row.entry.guard?.from ?? null,
            evidence: row.entry.evidence,
            guard: row.entry.guard,
          },
        ],
  );
}
