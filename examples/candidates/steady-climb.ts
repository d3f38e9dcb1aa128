/**
 * Holds an index while it climbs: each of three averages, a short, a middle and a long one, has a vote, and its vote counts while it
 * is higher than `slopeRows` rows before. The more of them climb, the more is held; nothing while a still shorter one is below the long one.
 */
interface Bar {
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

interface Parameters {
  /** Rows of the longest average. */
  readonly longRows: number;
  readonly slopeRows: number;
}

export function target(bars: readonly Bar[], { longRows, slopeRows }: Parameters): number {
  // Out of the market while the long decline goes on, whatever the shorter averages say.
  if (mean(bars, bars.length, Math.round(longRows / 4)) < mean(bars, bars.length, longRows))
    return 0;
  const lengths = [longRows / 2, (longRows * 3) / 4, longRows].map(Math.round);
  const climbing = lengths.filter(
    (rows) => mean(bars, bars.length, rows) > mean(bars, bars.length - slopeRows, rows),
  );
  return climbing.length / lengths.length;
}

/** Mean of the `rows` closes before row `end`. */
function mean(bars: readonly Bar[], end: number, rows: number): number {
  let sum = 0;
  for (let row = end - rows; row < end; row += 1) sum += bars[row]?.close ?? Number.NaN;
  return sum / rows;
}
