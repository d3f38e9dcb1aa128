import { z } from "zod";

import type { Bar } from "./bar.ts";
import { closesOf } from "./bar.ts";
import { LIMITS } from "./limits.ts";
import { definePlugin } from "./plugin.ts";
import { type Series, valueAt } from "./series.ts";

const WindowRows = z.int().min(1).max(LIMITS.lookbackRows);

/** Rows of the fast and the slow moving average. */
export const SmaCrossParameters = z
  .strictObject({ fast: WindowRows, slow: WindowRows })
  .refine(({ fast, slow }) => fast < slow, { path: ["fast"], message: "fast < slow" });
export type SmaCrossParameters = z.infer<typeof SmaCrossParameters>;

/** The parameter grid of the trend candidate, in the order in which a tie is broken: 10/50, 20/100, 50/200. */
export const SMA_CROSS_GRID: readonly SmaCrossParameters[] = [
  { fast: 10, slow: 50 },
  { fast: 20, slow: 100 },
  { fast: 50, slow: 200 },
];

/**
 * The mean of the last `rows` closes up to `row`, less the close at `row`. Measuring from the last close
 * makes a flat market an exact tie, which sums of different lengths would miss by a rounding error;
 * and summing each window anew keeps the result the same on any longer history.
 */
function meanAboveClose(closes: Series, row: number, rows: number): number {
  const close = valueAt(closes, row);
  let sum = 0;
  // Read without a check: this line is most of a walk-forward's work, and its callers stay within the rows.
  for (let k = row - rows + 1; k <= row; k += 1) sum += (closes[k] ?? Number.NaN) - close;
  return sum / rows;
}

function signalAt(closes: Series, row: number, { fast, slow }: SmaCrossParameters): number {
  if (row < slow - 1) return 0;
  return meanAboveClose(closes, row, fast) > meanAboveClose(closes, row, slow) ? 1 : 0;
}

const lastRows = (bars: readonly Bar[] | undefined, rows: number) =>
  closesOf((bars ?? []).slice(-rows));

/**
 * Long while the mean of the last `fast` closes is above that of the last `slow`, flat otherwise and
 * during the first slow - 1 rows.
 */
export const smaCross = definePlugin({
  name: "sma-cross",
  scope: "one",
  Parameters: SmaCrossParameters,
  warmUpRows: ({ slow }) => slow - 1,
  bounds: () => ({ least: 0, most: 1 }),
  target: ([bars], parameters) => {
    const closes = lastRows(bars, parameters.slow);
    return [signalAt(closes, closes.length - 1, parameters)];
  },
  targets: ([bars], parameters) => {
    const closes = closesOf(bars ?? []);
    return [closes.map((_, row) => signalAt(closes, row, parameters))];
  },
});
