import { mean, standardDeviation, sumNthPowerDeviations, variance } from "simple-statistics";

import type { Series } from "./series.ts";

/** Mean, standard deviation, skew and kurtosis (a normal sample has 3): population moments. */
export type Moments = {
  readonly mean: number;
  readonly deviation: number;
  readonly skew: number;
  readonly kurtosis: number;
};

/**
 * Population moments, which the library's bias-corrected `sampleSkewness` and `sampleKurtosis` are not.
 * A sample without spread, or an empty one, has skew 0 and kurtosis 3, as if normal.
 */
export function momentsOf(values: Series): Moments {
  const rows = values.length;
  if (rows === 0) return { mean: 0, deviation: 0, skew: 0, kurtosis: 3 };
  const spread = variance(values);
  if (spread === 0) return { mean: mean(values), deviation: 0, skew: 0, kurtosis: 3 };
  return {
    mean: mean(values),
    deviation: Math.sqrt(spread),
    skew: sumNthPowerDeviations(values, 3) / rows / spread ** 1.5,
    kurtosis: sumNthPowerDeviations(values, 4) / rows / spread ** 2,
  };
}

/** Mean over population standard deviation, per row; 0 where there is no spread (a strategy that never trades). */
export function sharpePerRow(net: Series): number {
  if (net.length === 0) return 0;
  const deviation = standardDeviation(net);
  return deviation === 0 ? 0 : mean(net) / deviation;
}
