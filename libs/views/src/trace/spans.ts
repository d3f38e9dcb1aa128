/**
 * Where a run's time went, from what was stored: pure.
 *
 * T1: the times are the server's (when entries and reports were stored), except a lane's own `startedAt`, which is kept
 *     between dispatch and report: a lane's clock may be off.
 * T2: from the first entry to the last every moment belongs to exactly one span.
 */
import { type Entry, isDispatch, type StoredReport, type TimedEntry } from "@baton/contracts";
import { instantMs } from "@baton/playbook";

/** Who had the time: `queue` the dispatch waited, `lane` worked, `retry` waited for the next attempt, `coordinator` decided, `human` a person. */
export type SpanKind = "queue" | "lane" | "retry" | "coordinator" | "human";

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
export interface SpanOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly runId?: string | undefined;
  /** Highest journal sequence that was delivered to the lane that has the baton; without it nothing counts as started. */
  readonly deliveredThrough?: number | undefined;
}

/** The spans of a candidate, in order; of one run if `runId` is given. */
export function spansOf(
  entries: readonly TimedEntry[],
  reports: readonly StoredReport[],
  options: SpanOptions,
): Span[] {
  const spans = entries.flatMap((timed, index) => {
    const next = entries[index + 1];
    return spansOfEntry(timed, next, { reports, ...options });
  });
  return options.runId === undefined ? spans : spans.filter(({ runId }) => runId === options.runId);
}

interface Surroundings extends SpanOptions {
  readonly reports: readonly StoredReport[];
}

/** Time from this entry to the next one. */
function spansOfEntry(
  timed: TimedEntry,
  next: TimedEntry | undefined,
  { reports, now, deliveredThrough }: Surroundings,
): Span[] {
  const { entry, storedAt, sequence } = timed;
  if (entry.holder === "closed") return [];
  const endMs = Math.max(storedAt, next?.storedAt ?? now);
  const whole = {
    runId: entry.runId,
    stage: entry.stage,
    holder: entry.holder,
    startMs: storedAt,
    endMs,
    open: next === undefined,
  };
  if (entry.holder === "review") {
    return [{ ...whole, kind: "human", attempt: 0, note: reviewNote(entry, next) }];
  }
  const cause = next?.entry.cause;
  const report =
    cause?.kind === "report" ? reports.find((one) => one.sequence === cause.sequence) : undefined;
  if (!report) {
    // Nobody reported: whether it was worked on is known only of the dispatch that is out now.
    const started = next !== undefined || (deliveredThrough ?? 0) >= sequence;
    const waits = isDispatch(entry) && entry.attempt === 0 ? "queue" : "retry";
    const working = started && entry.reason !== "RETRY_BACKOFF";
    const attempt = entry.attempt + 1;
    return [{ ...whole, kind: working ? "lane" : waits, attempt, note: endNote(next) }];
  }
  return answered(whole, report, entry);
}

/** The entry's time up to a report: until the lane started, while it worked, and until the coordinator had decided. */
function answered(
  whole: Omit<Span, "kind" | "attempt" | "note">,
  { report, storedAt: reported }: StoredReport,
  entry: Entry,
): Span[] {
  const { attempt } = report;
  const reportedMs = clamp(reported, whole.startMs, whole.endMs);
  const startedMs = clamp(instantMs(report.startedAt), whole.startMs, reportedMs);
  const note = report.type === "attempt" ? `failed: ${report.failure.code}` : outcomeNote(report);
  const silent = attempt > entry.attempt + 1;
  const wait = entry.attempt > 0 || silent ? "retry" : "queue";
  const lost = silent ? `${attempt - 1 - entry.attempt} deliveries without an answer` : "";
  return [
    { ...whole, kind: wait, attempt, endMs: startedMs, open: false, note: lost },
    { ...whole, kind: "lane", attempt, startMs: startedMs, endMs: reportedMs, open: false, note },
    { ...whole, kind: "coordinator", attempt, startMs: reportedMs, note: "" },
  ];
}

function outcomeNote(report: Extract<StoredReport["report"], { type: "result" }>): string {
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

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** Sum per kind, in milliseconds. */
export function totalsOf(spans: readonly Span[]): Record<SpanKind, number> {
  const totals = { queue: 0, lane: 0, retry: 0, coordinator: 0, human: 0 };
  for (const { kind, startMs, endMs } of spans) totals[kind] += endMs - startMs;
  return totals;
}
