import { mean, sum } from "simple-statistics";
import { z } from "zod";

import type { Holdings } from "./holdings.ts";
import { LEAST_DEVIATION, momentsOf, sharpePerRow } from "./moments.ts";
import { QuantError } from "./quant-error.ts";
import { equityCurve } from "./returns.ts";
import { type Series, valueAt } from "./series.ts";

/**
 * The figures of one series of net returns. Fractions, not per cent: `total` 0.5 is a gain of half,
 * `maxDrawdown` is 0 or below. `cagr`, `volatility`, `sharpe` and `sortino` are per year of `barsPerYear` rows.
 * `turnover` is sum |w_i - w_(i-1)| (in equity), `turnoverPerYear` that per year, `trades` the
 * number of rows with a change of weight, `cost` the sum of costs as a fraction of the equity. A ratio over a deviation
 * of nothing has no value and is null.
 */
export const Figures = z.strictObject({
  rows: z.int().nonnegative(),
  total: z.number(),
  cagr: z.number(),
  volatility: z.number(),
  sharpe: z.number().nullable(),
  sortino: z.number().nullable(),
  maxDrawdown: z.number(),
  turnover: z.number(),
  turnoverPerYear: z.number(),
  trades: z.int().nonnegative(),
  cost: z.number(),
});
export type Figures = z.infer<typeof Figures>;

/** Sharpe ratio per year at a risk-free rate of 0, population deviation; null without spread, where it has no value. */
export function sharpeRatio(net: Series, barsPerYear: number): number | null {
  const perRow = sharpePerRow(net);
  return perRow === null ? null : perRow * Math.sqrt(barsPerYear);
}

/** mean / sqrt(mean(min(r, 0)^2)) per year; null if nothing was ever lost, where the ratio has no value. */
export function sortinoRatio(net: Series, barsPerYear: number): number | null {
  if (net.length === 0) return null;
  const downside = Math.sqrt(mean(net.map((value) => Math.min(value, 0) ** 2)));
  return downside < LEAST_DEVIATION ? null : (mean(net) / downside) * Math.sqrt(barsPerYear);
}

/** The deepest fall of the equity below its highest point so far, the start included: from -1 to 0. */
export function maxDrawdown(net: Series): number {
  let peak = 1;
  let deepest = 0;
  for (const equity of equityCurve(net)) {
    peak = Math.max(peak, equity);
    deepest = Math.min(deepest, equity / peak - 1);
  }
  return deepest;
}

/** What was gained over all rows, as a fraction of the start. */
export function totalReturn(net: Series): number {
  const curve = equityCurve(net);
  return curve.length === 0 ? 0 : valueAt(curve, curve.length - 1) - 1;
}

/**
 * All figures of what {@link settle} returned, over all its rows, warm-up included as flat.
 * Throws E_INVALID where a figure is not finite, as after returns too large for a double.
 */
export function figuresOf(
  { net, traded, cost }: Omit<Holdings, "weights">,
  barsPerYear: number,
): Figures {
  const rows = net.length;
  const total = totalReturn(net);
  const years = rows / barsPerYear;
  const turnover = rows === 0 ? 0 : sum(traded);
  const figures = {
    rows,
    total,
    cagr: rows === 0 ? 0 : (1 + total) ** (1 / years) - 1,
    volatility: momentsOf(net).deviation * Math.sqrt(barsPerYear),
    sharpe: sharpeRatio(net, barsPerYear),
    sortino: sortinoRatio(net, barsPerYear),
    maxDrawdown: maxDrawdown(net),
    turnover,
    turnoverPerYear: rows === 0 ? 0 : turnover / years,
    trades: traded.filter((moved) => moved !== 0).length,
    cost: rows === 0 ? 0 : sum(cost),
  };
  for (const [name, value] of Object.entries(figures)) {
    if (value === null || Number.isFinite(value)) continue;
    throw new QuantError({
      code: "E_INVALID",
      where: name,
      value,
      rule: "every figure is finite",
      action: "look for extreme prices or weights in the input",
    });
  }
  return figures;
}
