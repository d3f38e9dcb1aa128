import type { Evidence } from "./gather-evidence.ts";

/** How long handoffs took, in milliseconds. */
export interface Handoffs {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * From a stage's stored result to the next stage's start, over all candidates. Waiting for a busy lane counts; retries
 * and redeliveries don't: they are no handoffs.
 */
export function handoffsOf(evidence: Iterable<Evidence>): Handoffs {
  const times = Array.from(evidence)
    .flatMap(({ reports }) => reports.map(({ report }) => report))
    .filter(({ attempt }) => attempt === 1)
    .flatMap(({ handoff }) => (handoff === null ? [] : [handoff.ms]))
    .toSorted((a, b) => a - b);
  return { count: times.length, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) };
}

/** Nearest rank; 0 if there's nothing. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
