/** A day's prices. */
interface Bar {
  readonly close: number;
}
type History = readonly (readonly Bar[])[];
type Parameters = Readonly<Record<string, number>>;

/** Kind of strategy. */
export const name = "sma-cross";

function parameter(parameters: Parameters, key: "fast" | "slow"): number {
  const value = parameters[key];
  if (value === undefined) throw new RangeError(`parameter ${key} is missing`);
  return value;
}

/** First rows in which the slow average has too few closes. */
export function warmUpRows(parameters: Parameters): number {
  return parameter(parameters, "slow") - 1;
}

/** Least and largest weight. */
export function bounds(_parameters: Parameters): { readonly least: number; readonly most: number } {
  return { least: 0, most: 1 };
}

/**
 * Mean of the last `rows` closes up to `row`, less the close at `row`. Measured from the last close, so that a flat
 * market is an exact tie.
 */
function averageAboveClose(closes: readonly number[], row: number, rows: number): number {
  const close = closes[row] ?? Number.NaN;
  let sum = 0;
  for (let k = row - rows + 1; k <= row; k += 1) sum += (closes[k] ?? Number.NaN) - close;
  return sum / rows;
}

/** The fast and the slow moving average at the last row of a history, past the warm-up. */
export function indicators(history: History, parameters: Parameters): Record<string, number> {
  const closes = (history[0] ?? []).map((bar) => bar.close);
  const row = closes.length - 1;
  const close = closes[row] ?? Number.NaN;
  return {
    fast: close + averageAboveClose(closes, row, parameter(parameters, "fast")),
    slow: close + averageAboveClose(closes, row, parameter(parameters, "slow")),
  };
}

function weightAt(closes: readonly number[], row: number, parameters: Parameters): number {
  if (row < warmUpRows(parameters)) return 0;
  const fast = averageAboveClose(closes, row, parameter(parameters, "fast"));
  const slow = averageAboveClose(closes, row, parameter(parameters, "slow"));
  return fast > slow ? 1 : 0;
}

/** Weights of every row: 1 while the fast average is above the slow one, else 0. */
export function targets(history: History, parameters: Parameters): number[][] {
  return history.map((bars) => {
    const closes = bars.map((bar) => bar.close);
    return closes.map((_, row) => weightAt(closes, row, parameters));
  });
}

/** Weights known at the close of the last row of a history. */
export function target(history: History, parameters: Parameters): number[] {
  return history.map((bars) => {
    const closes = bars.slice(-parameter(parameters, "slow")).map((bar) => bar.close);
    return weightAt(closes, closes.length - 1, parameters);
  });
}
