import type { Running } from "./running-strategy.ts";

/** Settled strategies are looked at again after this time, in milliseconds. */
const SETTLED_CHECK_MS = 5000;
/** Most of them in one round, the oldest first. */
const MAX_SETTLED_CHECKS = 10;

/** Who has an order kept back is looked at so much less often, where looks are paced: a try takes many questions. */
const BLOCKED_PACES = 6;

/** Who is looked at in this round: all that aren't settled and were left alone for `paceMs`, and a few of the others. */
export function due<R extends Pick<Running, "settled" | "blocked" | "checkedAt">>(
  strategies: Iterable<R>,
  now: number,
  paceMs = 0,
): R[] {
  const all = [...strategies];
  const isDue = (of: R) =>
    !of.settled() && now - of.checkedAt() >= paceMs * (of.blocked() ? BLOCKED_PACES : 1);
  const settled = all
    .filter((running) => running.settled() && now - running.checkedAt() >= SETTLED_CHECK_MS)
    .toSorted((a, b) => a.checkedAt() - b.checkedAt());
  return [...all.filter((running) => isDue(running)), ...settled.slice(0, MAX_SETTLED_CHECKS)];
}
