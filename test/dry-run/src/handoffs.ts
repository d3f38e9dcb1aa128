import type { Evidence } from "./gather-evidence.ts";
import type { Kill } from "./kill-lane.ts";

/** How long some handoffs took, in milliseconds. */
export interface HandoffTimes {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Handoffs to a lane that had nothing else to do, and to one that was busy or away, where waiting in line counts too. */
export interface Handoffs {
  readonly idle: HandoffTimes;
  readonly busy: HandoffTimes;
}

interface Interval {
  readonly lane: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * From a stage's stored result to the next stage's start, over all candidates. Retries and redeliveries don't count: they
 * are no handoffs. When a lane was busy is known from its reports, and from the kill of the one that reported nothing.
 */
export function handoffsOf(evidence: Iterable<Evidence>, kill: Kill | undefined): Handoffs {
  const reports = Array.from(evidence).flatMap((one) => one.reports);
  const working: Interval[] = reports.map(({ report, storedAt }) => ({
    lane: report.lane,
    fromMs: Date.parse(report.startedAt),
    toMs: storedAt,
  }));
  if (kill) {
    const killedMs = Date.parse(kill.at);
    const [fromMs, toMs] = [killedMs - kill.workedMs, killedMs + kill.backMs];
    working.push({ lane: kill.lane, fromMs, toMs });
  }
  const idle: number[] = [];
  const busy: number[] = [];
  for (const { report } of reports) {
    if (report.handoff === null || report.attempt > 1) continue;
    const startedMs = Date.parse(report.startedAt);
    const waited: Interval = {
      lane: report.lane,
      fromMs: startedMs - report.handoff.ms,
      toMs: startedMs,
    };
    (working.some((one) => overlap(one, waited)) ? busy : idle).push(report.handoff.ms);
  }
  return { idle: timesOf(idle), busy: timesOf(busy) };
}

function overlap(one: Interval, other: Interval): boolean {
  return one.lane === other.lane && one.fromMs < other.toMs && other.fromMs < one.toMs;
}

function timesOf(unsorted: readonly number[]): HandoffTimes {
  const times = unsorted.toSorted((a, b) => a - b);
  return { count: times.length, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

/** Nearest rank; 0 if there's nothing. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
