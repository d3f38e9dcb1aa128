import { median } from "simple-statistics";

import type { Bar } from "./bar.ts";

/** The largest factor that a price is taken to move by from one bar to the next, up or down. */
export const MOST_MOVE = 3;

/**
 * One row whose price moved as no market moves it. `factor` is its price over the one before: 0.143 for a 7:1 split,
 * 3 for a reverse one of 1:3. `split` is the split that explains it, new shares to old ones, null if none does.
 */
export type PriceMove = {
  readonly date: string;
  readonly factor: number;
  readonly split: string | null;
};

/** Splits as companies make them, new shares for one old one; reverse ones are the same turned round. */
const SPLITS: readonly (readonly [number, number])[] = [
  [3, 2],
  [2, 1],
  [5, 2],
  ...[3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50, 100].map((n) => [n, 1] as const),
];
/** How far a move may be off a split's ratio, in logarithms: the market moves in that night, too. */
const TOLERANCE = 0.05;
/** Below this factor, up or down, nothing is looked at: days like that happen. */
const LEAST_MOVE = Math.exp(Math.log(1.5) - TOLERANCE);
/**
 * Rows before a move that its traded value is compared with, and the multiple that tells news from a split: after a split
 * about as much money changes hands as before, after a crash many times as much.
 */
const BEFORE = { rows: 20, multiple: 4 } as const;

/**
 * Every row whose move from the row before is a split's or no market's: near n:1 or 1:n overnight or from close to close
 * without the trading that news brings (where volumes are known), or by more than {@link MOST_MOVE}.
 */
export function priceMoves(bars: readonly Bar[]): PriceMove[] {
  return bars.flatMap((bar, row) => {
    const before = bars[row - 1];
    if (before === undefined) return [];
    const factor = bar.close / before.close;
    const size = Math.max(factor, 1 / factor);
    if (size < LEAST_MOVE) return [];
    const split = splitOf(bar.open / before.close) ?? splitOf(factor);
    if (size <= MOST_MOVE && (split === null || isNews(bars, row))) return [];
    return [{ date: bar.date, factor, split }];
  });
}

/** The split that a move is nearest to, within the tolerance. */
function splitOf(factor: number): string | null {
  const size = Math.max(factor, 1 / factor);
  const off = ([many, few]: readonly [number, number]) => Math.abs(Math.log((size * few) / many));
  const [nearest] = SPLITS.toSorted((a, b) => off(a) - off(b));
  if (nearest === undefined || off(nearest) > TOLERANCE) return null;
  const [many, few] = nearest;
  return factor < 1 ? `${many}:${few}` : `${few}:${many}`;
}

/** Whether far more money changed hands on that row than usual; unknown volumes are no sign of it. */
function isNews(bars: readonly Bar[], row: number): boolean {
  const value = ({ close, volume }: Bar) => close * volume;
  const earlier = bars.slice(Math.max(0, row - BEFORE.rows), row).map(value);
  const usual = earlier.length === 0 ? 0 : median(earlier);
  const bar = bars[row];
  return bar !== undefined && usual > 0 && value(bar) >= BEFORE.multiple * usual;
}
