import { QuantError, requireThat } from "./quant-error.ts";

/**
 * The largest inputs this package takes; past one it throws E_LIMIT before any work starts.
 * The two `…Work` limits keep one call to some seconds of one core (measured: 3 to 5 for usual look-backs, up to
 * half a minute if every average spans the longest); the calls are synchronous.
 */
export const LIMITS = {
  /** Rows of one series. */
  bars: 100_000,
  /** Series in one panel. */
  instruments: 64,
  /** Parameter sets in one walk-forward. */
  grid: 1_000,
  /** Grid size times rows times instruments of one walk-forward. */
  gridWork: 8_000_000,
  /** Grid size times train rows of all folds and instruments: many short tests after long train windows. */
  trainWork: 400_000_000,
  /** Resampled paths of one bootstrap. */
  bootstrapSamples: 10_000,
  /** Paths times rows per path of one bootstrap. */
  bootstrapWork: 100_000_000,
  /** Folds of one purged k-fold. */
  folds: 100,
  /** Rows that an indicator may look back: two years. */
  lookbackRows: 504,
  /** Rows of a panel on which a strategy is recomputed row by row: the work grows with their square. */
  examinedRows: 10_000,
  /** Trials that a deflated Sharpe ratio may be told of. */
  trials: 1_000_000,
} as const;

/** Throws E_LIMIT if `size` is past the limit of that name. */
export function requireWithin(limit: keyof typeof LIMITS, size: number, where: string): void {
  if (size <= LIMITS[limit]) return;
  throw new QuantError({
    code: "E_LIMIT",
    where,
    value: size,
    rule: `${limit} <= ${LIMITS[limit]}`,
    action: "send less: a shorter range, a smaller grid or fewer samples",
  });
}

/** Throws E_INVALID unless `value` is a whole number in [least, most]. */
export function requireWhole(
  value: number,
  [least, most]: readonly [number, number],
  where: string,
): void {
  requireThat(Number.isInteger(value) && value >= least && value <= most, {
    where,
    value,
    rule: `a whole number from ${least} to ${most}`,
    action: "correct the argument",
  });
}
