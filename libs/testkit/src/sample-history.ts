/** Journal entries and reports with everything that a test doesn't care about filled in. */
import {
  type Entry,
  Report,
  type StoredReport,
  type TimedEntry,
  type WholeEntry,
} from "@baton/contracts";

import { sampleEntry, type SampleChanges } from "./sample-entry.ts";

/** 2026-03-01T12:00:00.000Z; the samples' times are told as milliseconds after it. */
export const START_MS = Date.UTC(2026, 2, 1, 12);

/** The instant so many milliseconds after the samples' start. */
export function instant(afterMs: number): string {
  return new Date(START_MS + afterMs).toISOString();
}

/** An entry as stored: a dispatch of `draft` to lane-a unless changed. */
export function stored(
  sequence: number,
  afterMs: number,
  changes: SampleChanges = {},
): TimedEntry & { readonly entry: WholeEntry } {
  const entry = sampleEntry({
    n: sequence,
    stage: "draft",
    runId: "run-sample",
    time: instant(afterMs),
    trace: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
    prev: sequence - 1,
    reason: "SUBMITTED",
    about: { kind: "submitted" },
    cause: { kind: "command", commandId: "cmd-sample", type: "submit", by: "ada", why: null },
    author: "ada",
    spec: { name: "Sample" },
    visited: ["draft"],
    commands: ["cmd-sample"],
    rule: { maxRetries: 4, initialBackoffMs: 1000, backoffMultiplier: 2, maxBackoffMs: 3000 },
    deadline: instant(afterMs + 3_600_000),
    ...changes,
  });
  return { sequence, storedAt: START_MS + afterMs, entry };
}

/** What a sample report says. */
export interface SampleReport {
  readonly answers: number;
  readonly startedMs: number;
  readonly storedMs: number;
  readonly stage?: string;
  readonly attempt?: number;
  /** Code of the transient failure that this attempt ended in; a pass without it. */
  readonly failedWith?: string;
}

/** A report as stored, by lane-a. */
export function reported(sequence: number, of: SampleReport): StoredReport {
  const { stage = "draft", attempt = 1 } = of;
  const common = {
    v: 1,
    id: `cand-sample.${stage}.run-sample`,
    candidateId: "cand-sample",
    stage,
    runId: "run-sample",
    time: instant(of.storedMs),
    trace: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
    lane: "lane-a",
    answers: of.answers,
    attempt,
    startedAt: instant(of.startedMs),
    handoff: null,
  };
  const failure = {
    class: "transient",
    code: of.failedWith ?? "",
    message: "it failed",
    action: "wait",
  };
  const report = Report.parse(
    of.failedWith === undefined
      ? {
          ...common,
          type: "result",
          outcome: { kind: "done", verdict: "pass", summary: "well done", artifacts: [] },
        }
      : { ...common, type: "attempt", failure, retryAt: instant(of.storedMs + 1000) },
  );
  return { sequence, storedAt: START_MS + of.storedMs, report };
}

/** The cause of an entry that a sample report led to. */
export function causedBy(sequence: number, storedMs: number, attempt = 1): Entry["cause"] {
  const storedAt = `${instant(storedMs).slice(0, 23)}000Z`;
  return { kind: "report", sequence, attempt, storedAt, from: "draft" };
}

/** The cause of an entry that somebody's command led to. */
export function askedBy(by: string, type: string): Entry["cause"] {
  return { kind: "command", commandId: "cmd-sample", type, by, why: "because" };
}

/** A result that is kept for later. */
export function keptResult(): NonNullable<Entry["kept"]> {
  const { report, sequence } = reported(1, { answers: 1, startedMs: 0, storedMs: 500 });
  if (report.type !== "result") throw new Error("the sample isn't a result");
  return { report, sequence, storedAt: `${instant(500).slice(0, 23)}000Z` };
}
