/** A day's prices. */
interface Bar {
  readonly close: number;
}
type History = readonly (readonly Bar[])[];
type Parameters = Readonly<Record<string, number>>;

/** Kind of strategy. */
export const name = "tsmom-vol-target";

function parameter(
  parameters: Parameters,
  key: "momentumRows" | "volatilityRows" | "dailyVolatility",
): number {
  const value = parameters[key];
  if (value === undefined) throw new RangeError(`parameter ${key} is missing`);
  return value;
}

/** First rows in which there is no close to look back to, or too few returns. */
export function warmUpRows(parameters: Parameters): number {
  return Math.max(parameter(parameters, "momentumRows"), parameter(parameters, "volatilityRows"));
}

/** Least and largest weight. */
export function bounds(_parameters: Parameters): { readonly least: number; readonly most: number } {
  return { least: 0, most: 1 };
}

/** Sum with Neumaier's compensation for what rounding loses. */
function sumOf(values: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return sum + lost;
}

/** Population standard deviation. */
function deviationOf(values: readonly number[]): number {
  const mean = sumOf(values) / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  return Math.sqrt(squares / values.length);
}

/** Closes by row, and returns by row: the return of row 0 is not a number and never used. */
interface Prices {
  readonly closes: readonly number[];
  readonly returns: readonly number[];
}

function pricesOf(bars: readonly Bar[]): Prices {
  const closes = bars.map((bar) => bar.close);
  const returns = closes.map((close, row) => close / (closes[row - 1] ?? Number.NaN) - 1);
  return { closes, returns };
}

function measuresAt({ closes, returns }: Prices, row: number, parameters: Parameters) {
  const past = closes[row - parameter(parameters, "momentumRows")] ?? Number.NaN;
  const from = row + 1 - parameter(parameters, "volatilityRows");
  return {
    growth: (closes[row] ?? Number.NaN) / past,
    deviation: deviationOf(returns.slice(from, row + 1)),
  };
}

/** Momentum and volatility of the first instrument at the last row of a history, past the warm-up. */
export function indicators(history: History, parameters: Parameters): Record<string, number> {
  const prices = pricesOf(history[0] ?? []);
  const { growth, deviation } = measuresAt(prices, prices.closes.length - 1, parameters);
  return { momentum: growth - 1, volatility: deviation };
}

function rawWeightAt(prices: Prices, row: number, parameters: Parameters): number {
  const { growth, deviation } = measuresAt(prices, row, parameters);
  if (growth <= 1) return 0;
  return deviation === 0 ? 1 : Math.min(1, parameter(parameters, "dailyVolatility") / deviation);
}

/** One weight per instrument, scaled down so that all together are at most 1. */
function weightsAt(all: readonly Prices[], row: number, parameters: Parameters): number[] {
  if (row < warmUpRows(parameters)) return all.map(() => 0);
  const raw = all.map((prices) => rawWeightAt(prices, row, parameters));
  // Nothing held: 1 / 0 is Infinity, and the scale is 1.
  const scale = Math.min(1, 1 / sumOf(raw.map(Math.abs)));
  return raw.map((weight) => weight * scale);
}

/** Weights of every row: after a rise the share that aims at the daily volatility, else 0. */
export function targets(history: History, parameters: Parameters): number[][] {
  const all = history.map(pricesOf);
  const rows = (all[0]?.closes ?? []).map((_, row) => weightsAt(all, row, parameters));
  return all.map((_, instrument) => rows.map((weights) => weights[instrument] ?? Number.NaN));
}

/** Weights known at the close of the last row of a history. */
export function target(history: History, parameters: Parameters): number[] {
  const needed = history.map((bars) => pricesOf(bars.slice(-warmUpRows(parameters) - 1)));
  return weightsAt(needed, (needed[0]?.closes.length ?? 0) - 1, parameters);
}
