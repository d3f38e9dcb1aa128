/** A day's prices. */
interface Bar {
  readonly close: number;
}
type History = readonly (readonly Bar[])[];
type Parameters = Readonly<Record<string, number>>;

/** Kind of strategy. */
export const name = "tsmom";

function parameter(parameters: Parameters, key: "lookbackRows" | "afterFall"): number {
  const value = parameters[key];
  if (value === undefined) throw new RangeError(`parameter ${key} is missing`);
  return value;
}

/** First rows in which there is no close to look back to. */
export function warmUpRows(parameters: Parameters): number {
  return parameter(parameters, "lookbackRows");
}

/** Least and largest weight. */
export function bounds(parameters: Parameters): { readonly least: number; readonly most: number } {
  return { least: parameter(parameters, "afterFall"), most: 1 };
}

/** The close over the one looked back to; undefined during the warm-up. */
function growthAt(bars: readonly Bar[], row: number, parameters: Parameters): number | undefined {
  const close = bars[row]?.close;
  const past = bars[row - parameter(parameters, "lookbackRows")]?.close;
  return close === undefined || past === undefined ? undefined : close / past;
}

/** The momentum at the last row of a history, past the warm-up. */
export function indicators(history: History, parameters: Parameters): Record<string, number> {
  const bars = history[0] ?? [];
  return { momentum: (growthAt(bars, bars.length - 1, parameters) ?? Number.NaN) - 1 };
}

function weightAt(bars: readonly Bar[], row: number, parameters: Parameters): number {
  const growth = growthAt(bars, row, parameters);
  if (growth === undefined || growth === 1) return 0;
  return growth > 1 ? 1 : parameter(parameters, "afterFall");
}

/** Weights of every row: 1 after a rise, the weight of `afterFall` after a fall, 0 if unchanged. */
export function targets(history: History, parameters: Parameters): number[][] {
  return history.map((bars) => bars.map((_, row) => weightAt(bars, row, parameters)));
}

/** Weights known at the close of the last row of a history. */
export function target(history: History, parameters: Parameters): number[] {
  return history.map((bars) => weightAt(bars, bars.length - 1, parameters));
}
