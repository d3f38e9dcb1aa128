/** Where a run's time went, for people: the segments of the fold, each with a note of how it ended. */
import type { Entry, StoredReport, TimedEntry } from "@baton/contracts";

import { workNote } from "../words/work-text.ts";
import { type FoldOptions, type Segment, segmentsOf, type SpanKind } from "./segments.ts";

/** A stretch of time. Times in milliseconds since 1970. */
export interface Span {
  readonly kind: SpanKind;
  readonly runId: string;
  readonly stage: string;
  readonly holder: string;
  /** From 1; 0 where no attempt is meant. */
  readonly attempt: number;
  readonly startMs: number;
  readonly endMs: number;
  /** It goes on: `endMs` is now. */
  readonly open: boolean;
  /** How it ended, or why it waits. */
  readonly note: string;
}

/** What is known beside entries and reports. */
export interface SpanOptions extends FoldOptions {
  readonly runId?: string | undefined;
}

/** The spans of a candidate, in order; of one run if `runId` is given. */
export function spansOf(
  entries: readonly TimedEntry[],
  reports: readonly StoredReport[],
  options: SpanOptions,
): Span[] {
  const spans = segmentsOf(entries, reports, options).map(toSpan);
  return options.runId === undefined ? spans : spans.filter(({ runId }) => runId === options.runId);
}

function toSpan(segment: Segment): Span {
  const { kind, attempt, startMs, endMs, open } = segment;
  const { runId, stage, holder } = segment.timed.entry;
  return {
    runId,
    stage,
    holder,
    startMs,
    endMs,
    open,
    kind,
    attempt,
    note: noteOf(segment),
  };
}

function noteOf({ kind, timed, next, answer, lost }: Segment): string {
  if (kind === "human") return reviewNote(timed.entry, next);
  if (!answer) return endNote(next);
  if (kind === "lane") return answerNote(answer);
  return lost > 0 ? `${lost} deliveries without an answer` : "";
}

function answerNote({ report }: StoredReport): string {
  const ended = endedNote(report);
  return report.work ? `${ended} (${workNote(report.work)})` : ended;
}

function endedNote(report: StoredReport["report"]): string {
  if (report.type === "attempt") return `failed: ${report.failure.code}`;
  const { outcome } = report;
  return outcome.kind === "done" ? outcome.verdict : `failed: ${outcome.failure.code}`;
}

function reviewNote(entry: Entry, next: TimedEntry | undefined): string {
  const cause = next?.entry.cause;
  const ended = cause && endedBy(cause);
  return ended === undefined ? entry.reason : `${entry.reason} → ${ended}`;
}

/** What people did that ended it; undefined if it was something else. */
function endedBy(cause: Entry["cause"]): string | undefined {
  if (cause.kind === "command") return `${cause.type} by ${cause.by}`;
  if (cause.kind === "incident") return `incident ${cause.incidentId} by ${cause.by}`;
  return cause.kind === "lifted" ? "stop lifted" : undefined;
}

function endNote(next: TimedEntry | undefined): string {
  const cause = next?.entry.cause;
  if (cause === undefined) return "goes on";
  return endedBy(cause) ?? cause.kind;
}

/** Sum per kind, in milliseconds. */
export function totalsOf(spans: readonly Span[]): Record<SpanKind, number> {
  const totals = { queue: 0, lane: 0, retry: 0, coordinator: 0, human: 0 };
  for (const { kind, startMs, endMs } of spans) totals[kind] += endMs - startMs;
  return totals;
}
