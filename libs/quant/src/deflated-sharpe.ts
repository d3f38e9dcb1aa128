import { sampleVariance } from "simple-statistics";
import { z } from "zod";

import { requireWhole, requireWithin } from "./limits.ts";
import { momentsOf, sharpePerRow } from "./moments.ts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { requireThat } from "./quant-error.ts";
import type { Series } from "./series.ts";

/** The constant of Euler and Mascheroni. */
const EULER_GAMMA = 0.5772156649015329;

/**
 * Whether a Sharpe ratio is more than luck. `sharpe` and `expectedMaximum` are per row, not per year;
 * `probability` is the deflated Sharpe ratio itself: the chance that the true one exceeds what the best of
 * `trials` worthless strategies would show. Both are null where the returns have no spread: there is no ratio to judge.
 */
export const DeflatedSharpe = z.strictObject({
  trials: z.int().positive(),
  rows: z.int().positive(),
  sharpe: z.number().nullable(),
  skew: z.number(),
  kurtosis: z.number(),
  trialVariance: z.number().nonnegative(),
  expectedMaximum: z.number(),
  probability: z.number().min(0).max(1).nullable(),
});
export type DeflatedSharpe = z.infer<typeof DeflatedSharpe>;

/**
 * The probability that the true Sharpe ratio per row exceeds `threshold`:
 * Phi((SR - x) * sqrt(T - 1) / sqrt(1 - skew * SR + (kurt - 1) / 4 * SR^2)), kurtosis not in excess
 * (Bailey and López de Prado, "The Sharpe Ratio Efficient Frontier", 2012). Needs two rows, else E_INVALID.
 */
export function probabilisticSharpe(net: Series, threshold: number): number | null {
  requireThat(net.length >= 2 && Number.isFinite(threshold), {
    where: "net, threshold",
    value: [net.length, threshold],
    rule: "at least two returns and a finite threshold",
    action: "evaluate more rows",
  });
  const sharpe = sharpePerRow(net);
  if (sharpe === null) return null;
  const { skew, kurtosis } = momentsOf(net);
  // Never negative: kurtosis >= skew^2 + 1 for every sample; 0 only for a two-point one, hence the floor.
  const spread = Math.max(1 - skew * sharpe + ((kurtosis - 1) / 4) * sharpe ** 2, Number.EPSILON);
  return normalCdf(((sharpe - threshold) * Math.sqrt(net.length - 1)) / Math.sqrt(spread));
}

/**
 * The best Sharpe ratio to expect of `trials` strategies without skill whose ratios have this variance:
 * sqrt(V) * ((1 - g) * z(1 - 1/n) + g * z(1 - 1/(n * e))). A single trial was not selected, so it is 0.
 */
export function expectedMaximumSharpe(trials: number, variance: number): number {
  requireWhole(trials, [1, Number.MAX_SAFE_INTEGER], "trials");
  requireWithin("trials", trials, "trials");
  if (trials === 1) return 0;
  const first = normalQuantile(1 - 1 / trials);
  const second = normalQuantile(1 - 1 / (trials * Math.E));
  return Math.sqrt(variance) * ((1 - EULER_GAMMA) * first + EULER_GAMMA * second);
}

/**
 * The deflated Sharpe ratio of a chosen strategy's net returns (Bailey and López de Prado, 2014).
 * `trialSharpes` are the ratios per row (not per year) of all trials declared before the backtest, the chosen
 * one among them, null (counted as 0) for one that never traded; their variance is taken with n - 1. `trials` may name more trials than have a ratio.
 */
export function deflatedSharpe(input: {
  readonly net: Series;
  readonly trialSharpes: readonly (number | null)[];
  readonly trials?: number;
}): DeflatedSharpe {
  const { net, trials = input.trialSharpes.length } = input;
  const trialSharpes = input.trialSharpes.map((sharpe) => sharpe ?? 0);
  requireThat(trials >= trialSharpes.length && trialSharpes.every(Number.isFinite), {
    where: "trials",
    value: trials,
    rule: `at least the ${trialSharpes.length} trials that ran, each with a finite ratio`,
    action: "declare every trial before the backtest",
  });
  requireThat(trials === 1 || trialSharpes.length >= 2, {
    where: "trialSharpes.length",
    value: trialSharpes.length,
    rule: "a variance needs two ratios where more than one trial was declared",
    action: "run the declared trials",
  });
  const variance = trialSharpes.length < 2 ? 0 : sampleVariance(trialSharpes);
  const expectedMaximum = expectedMaximumSharpe(trials, variance);
  const { skew, kurtosis } = momentsOf(net);
  return {
    trials,
    rows: net.length,
    sharpe: sharpePerRow(net),
    skew,
    kurtosis,
    trialVariance: variance,
    expectedMaximum,
    probability: probabilisticSharpe(net, expectedMaximum),
  };
}
