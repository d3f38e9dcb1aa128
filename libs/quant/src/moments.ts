import { mean, standardDeviation, sumNthPowerDeviations, variance } from "simple-statistics";

import type { Series } from "./series.ts";

/**
 * The least deviation per row that counts as spread; what is below it is a residue of rounding in prices or sums, and
 * no ratio is made of it. A ten-thousandth of a per cent a row: no traded price is that steady.
 */
export const LEAST_DEVIATION = 1e-6;

/** Mean, standard deviation, skew and kurtosis (a normal sample has 3): population moments. */
export type Moments = {
  readonly mean: number;
  readonly deviation: number;
  readonly skew: number;
  readonly kurtosis: number;
};

/**
 * Population moments, which the library's bias-corrected `sampleSkewness` and `sampleKurtosis` are not.
 * A sample without spread (below {@link LEAST_DEVIATION}), or an empty one, has deviation and skew 0 and kurtosis 3, as
 * if normal.
 */
export function momentsOf(values: Series): Moments {
  const rows = values.length;
  if (rows === 0) return { mean: 0, deviation: 0, skew: 0, kurtosis: 3 };
  const spread = variance(values);
  if (spread < LEAST_DEVIATION ** 2)
    return { mean: mean(values), deviation: 0, skew: 0, kurtosis: 3 };
  return {
    mean: mean(values),
    deviation: Math.sqrt(spread),
    skew: sumNthPowerDeviations(values, 3) / rows / spread ** 1.5,
    kurtosis: sumNthPowerDeviations(values, 4) / rows / spread ** 2,
  };
}

/**
 * Mean over population standard deviation, per row; null, as it has no value, where the deviation is below
 * {@link LEAST_DEVIATION}: a strategy that never trades, or returns that are all the same.
 */
export function sharpePerRow(net: Series): number | null {
  if (net.length === 0) return null;
  const deviation = standardDeviation(net);
  return deviation < LEAST_DEVIATION ? null : mean(net) / deviation;
}
