import type { Running } from "./running-strategy.ts";

/** Settled strategies are looked at again after this time, in milliseconds. */
const SETTLED_CHECK_MS = 5000;
/** Most of them in one round, the oldest first. */
const MAX_SETTLED_CHECKS = 10;

/** Who is looked at in this round: all that aren't settled and were left alone for `paceMs`, and a few of the others. */
export function due(strategies: Iterable<Running>, now: number, paceMs = 0): Running[] {
  const all = [...strategies];
  const settled = all
    .filter((running) => running.settled() && now - running.checkedAt() >= SETTLED_CHECK_MS)
    .toSorted((a, b) => a.checkedAt() - b.checkedAt());
  return [
    ...all.filter((running) => !running.settled() && now - running.checkedAt() >= paceMs),
    ...settled.slice(0, MAX_SETTLED_CHECKS),
  ];
}
