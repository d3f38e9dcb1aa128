/**
 * The one fold of a run's time, from what was stored: pure. What a terminal draws, what a tracing UI shows and what latencies are
 * counted all come from it.
 *
 * T1: the times are the server's (when entries and reports were stored), except a lane's own `startedAt`, which is brought to the
 *     server's clock as far as that is known, and kept between dispatch and report: a lane's clock may be off.
 * T2: from the first entry to the last every moment belongs to exactly one segment; what a server with another clock stored
 *     before the entry that it follows counts as stored at the same time.
 */
import { isDispatch, type StoredReport, type TimedEntry } from "@baton/contracts";
import { instantMs } from "@baton/playbook";

/** Who had the time: `queue` the dispatch waited, `lane` worked, `retry` waited for the next attempt, `coordinator` decided, `human` a person. */
export type SpanKind = "queue" | "lane" | "retry" | "coordinator" | "human";

/** A stretch of a run's time. Times in milliseconds since 1970. */
export interface Segment {
  readonly kind: SpanKind;
  /** The entry that it follows, and the one that ended it; undefined while it goes on. */
  readonly timed: TimedEntry;
  readonly next: TimedEntry | undefined;
  /** The report that ended the lane's part of it. */
  readonly answer: StoredReport | undefined;
  /** When what it answers was dispatched. */
  readonly dispatchedMs: number;
  /** From 1; 0 where no attempt is meant. */
  readonly attempt: number;
  /** Deliveries before this attempt that nobody answered; only where it waits for the attempt. */
  readonly lost: number;
  readonly startMs: number;
  readonly endMs: number;
  /** It goes on: `endMs` is now. */
  readonly open: boolean;
}

/** What is known beside entries and reports. */
export interface FoldOptions {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Highest journal sequence that was delivered to the lane that has the baton; without it nothing counts as started. */
  readonly deliveredThrough?: number | undefined;
}

/** The segments of a candidate, in order. */
export function segmentsOf(
  given: readonly TimedEntry[],
  reports: readonly StoredReport[],
  options: FoldOptions,
): Segment[] {
  const entries = inOrder(given);
  const bySequence = new Map(reports.map((one) => [one.sequence, one]));
  const storedAt = new Map(entries.map((one) => [one.sequence, one.storedAt]));
  return entries.flatMap((timed, index) => {
    const next = entries[index + 1];
    const cause = next?.entry.cause;
    const answer = cause?.kind === "report" ? bySequence.get(cause.sequence) : undefined;
    const dispatchedMs = storedAt.get(answer?.report.answers ?? 0) ?? timed.storedAt;
    return segmentsOfEntry({ timed, next, answer, dispatchedMs }, options);
  });
}

/** Entries whose times don't run backwards: after a change of its leader another server's clock counts. */
export function inOrder(entries: readonly TimedEntry[]): TimedEntry[] {
  let latest = Number.NEGATIVE_INFINITY;
  return entries.map((timed) => {
    latest = Math.max(latest, timed.storedAt);
    return timed.storedAt === latest ? timed : { ...timed, storedAt: latest };
  });
}

type Stretch = Pick<Segment, "timed" | "next" | "answer" | "dispatchedMs">;

/** Time from this entry to the next one. */
function segmentsOfEntry(
  stretch: Stretch,
  { now, deliveredThrough }: FoldOptions,
): readonly Segment[] {
  const { timed, next, answer } = stretch;
  const { entry, storedAt, sequence } = timed;
  if (entry.holder === "closed") return [];
  const whole = {
    ...stretch,
    lost: 0,
    startMs: storedAt,
    endMs: Math.max(storedAt, next?.storedAt ?? now),
    open: next === undefined,
  };
  if (entry.holder === "review") return [{ ...whole, kind: "human", attempt: 0 }];
  if (answer) return answered(whole, answer);
  // Nobody reported: whether it was worked on is known only of the dispatch that is out now.
  const started = next !== undefined || (deliveredThrough ?? 0) >= sequence;
  const waits = isDispatch(entry) && entry.attempt === 0 ? "queue" : "retry";
  const working = started && entry.reason !== "RETRY_BACKOFF";
  return [{ ...whole, kind: working ? "lane" : waits, attempt: entry.attempt + 1 }];
}

/** The entry's time up to a report: until the lane started, while it worked, and until the coordinator had decided. */
function answered(whole: Omit<Segment, "kind" | "attempt">, answer: StoredReport): Segment[] {
  const { entry } = whole.timed;
  const { attempt } = answer.report;
  const reportedMs = clamp(answer.storedAt, whole.startMs, whole.endMs);
  // An attempt that was told of already only waited since for what was away.
  const waited = entry.reason === "RETRY_BACKOFF" && attempt <= entry.attempt;
  const { startedMs: started } = clockOf(answer, whole.dispatchedMs);
  const startedMs = waited ? reportedMs : clamp(started, whole.startMs, reportedMs);
  const lost = Math.max(0, attempt - entry.attempt - 1);
  const wait = entry.attempt > 0 || lost > 0 ? "retry" : "queue";
  return [
    { ...whole, kind: wait, attempt, lost, endMs: startedMs, open: false },
    {
      ...whole,
      kind: "lane",
      attempt,
      startMs: startedMs,
      endMs: reportedMs,
      open: false,
    },
    { ...whole, kind: "coordinator", attempt, startMs: reportedMs },
  ];
}

/** A lane's start by the server's clock, and by how much its own is known to be off. */
export interface LaneClock {
  readonly startedMs: number;
  /** Milliseconds that it is ahead, at least; negative: behind; 0: it may be right. */
  readonly skewMs: number;
}

/**
 * An attempt can't have begun before it was dispatched, nor ended after its report was stored: what its clock says against that is
 * how far it is off, at least.
 */
export function clockOf({ report, storedAt }: StoredReport, dispatchedMs: number): LaneClock {
  const startedMs = instantMs(report.startedAt);
  const ahead = instantMs(report.time) - storedAt;
  const behind = startedMs - dispatchedMs;
  // Instants are whole milliseconds: less isn't a difference.
  const skewMs = ahead > 1 ? ahead : behind < -1 ? behind : 0;
  return { startedMs: startedMs - skewMs, skewMs };
}

/** `value`, or the bound that it is beyond. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
