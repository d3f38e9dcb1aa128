import { standardDeviation, sum } from "simple-statistics";
import { z } from "zod";

import { closesOf, type Panel, rowsOf } from "./bar.ts";
import { LIMITS } from "./limits.ts";
import { definePlugin } from "./plugin.ts";
import { simpleReturns } from "./returns.ts";
import { type Series, valueAt } from "./series.ts";

/** Rows of momentum and of volatility, and the daily standard deviation to aim at (0.01 = 1 %). */
export const TsmomVolTargetParameters = z.strictObject({
  momentumRows: z.int().min(1).max(LIMITS.lookbackRows).default(60),
  volatilityRows: z.int().min(2).max(LIMITS.lookbackRows).default(20),
  dailyVolatility: z.number().min(0.0001).max(1).default(0.01),
});
export type TsmomVolTargetParameters = z.infer<typeof TsmomVolTargetParameters>;

const warmUpRows = ({ momentumRows, volatilityRows }: TsmomVolTargetParameters) =>
  Math.max(momentumRows, volatilityRows);

/** The weight of one instrument before the shares are scaled; the row is past the warm-up. */
function rawWeight(
  { closes, returns }: { readonly closes: Series; readonly returns: Series },
  row: number,
  { momentumRows, volatilityRows, dailyVolatility }: TsmomVolTargetParameters,
): number {
  if (valueAt(closes, row) / valueAt(closes, row - momentumRows) <= 1) return 0;
  // returns[k] belongs to row k + 1, so the slice ends with the return of `row`.
  const deviation = standardDeviation(returns.slice(row - volatilityRows, row));
  return deviation === 0 ? 1 : Math.min(1, dailyVolatility / deviation);
}

/** Scales down, never up, so that the weights' absolute sum is at most 1. */
function shares(raw: Series): number[] {
  // Nothing held: 1 / 0 is Infinity, and the scale is 1.
  const scale = Math.min(1, 1 / sum(raw.map(Math.abs)));
  return raw.map((weight) => weight * scale);
}

function targetsAt(
  prices: readonly { readonly closes: Series; readonly returns: Series }[],
  row: number,
  parameters: TsmomVolTargetParameters,
): number[] {
  if (row < warmUpRows(parameters)) return prices.map(() => 0);
  return shares(prices.map((series) => rawWeight(series, row, parameters)));
}

const pricesOf = (panel: Panel) =>
  panel.map((bars) => {
    const closes = closesOf(bars);
    return { closes, returns: simpleReturns(closes) };
  });

/**
 * Momentum in several instruments, each sized to a daily volatility: g * dailyVolatility / sd, at most 1,
 * with g = 1 after a rise over `momentumRows` and 0 otherwise, sd the population deviation of the last
 * `volatilityRows` returns (no spread at all: 1); then scaled so that all together are at most 1.
 */
export const tsmomVolTarget = definePlugin({
  name: "tsmom-vol-target",
  scope: "many",
  Parameters: TsmomVolTargetParameters,
  warmUpRows,
  bounds: () => ({ least: 0, most: 1 }),
  target: (history, parameters) => {
    const needed = history.map((bars) => bars.slice(-warmUpRows(parameters) - 1));
    return targetsAt(pricesOf(needed), rowsOf(needed) - 1, parameters);
  },
  targets: (history, parameters) => {
    const prices = pricesOf(history);
    const rows = Array.from({ length: rowsOf(history) }, (_, row) =>
      targetsAt(prices, row, parameters),
    );
    return prices.map((_, instrument) => rows.map((targets) => valueAt(targets, instrument)));
  },
});
