import { type DescribedDataset, MAX_LISTED_MOVES } from "@baton/artifacts";
import { type Bar, priceMoves, usualSpacingDays } from "@baton/quant";

import type { Dataset } from "./dataset.ts";

const GAP_DAYS = 5;
const DAY_MS = 86_400_000;

/** What is known of a data set beside its rows. */
type Origin = Pick<DescribedDataset, "instrument" | "source" | "sha256" | "nullRate" | "prices"> & {
  /** As the file was declared to be written. */
  readonly format: DescribedDataset["format"];
  readonly splits: readonly DescribedDataset["splits"][number][];
  readonly realMoves: readonly string[];
};

type Rows = Pick<Dataset, "bars" | "staleOpens">;

/** Of each row whether its open repeats the close before, on prices as they stand in the file; null in the first. */
export function staleOpens(bars: readonly Bar[]): (boolean | null)[] {
  return bars.map(({ open }, row) => {
    const previous = bars[row - 1]?.close;
    return previous === undefined ? null : open === previous;
  });
}

/** Describes bars that were read and checked; `nullRate` comes from the reader, which saw the empty cells. */
export function datasetFrom(rows: Rows, origin: Origin): Dataset {
  const { format, splits, realMoves, ...of } = origin;
  const moves = priceMoves(rows.bars).filter(({ date }) => !realMoves.includes(date));
  const manifest: DescribedDataset = {
    schemaVersion: "3.0.0",
    ...of,
    ...(format && { format }),
    splits: [...splits],
    realMoves: [...realMoves],
    moves: { total: moves.length, listed: moves.slice(0, MAX_LISTED_MOVES) },
    ...described(rows),
  };
  return { ...rows, manifest };
}

/** The data set on some of its rows; its moves stay those of the file, where every row follows the one before. */
export function onRows(
  { bars, staleOpens: stale, manifest }: Dataset,
  kept: (bar: Bar) => boolean,
): Dataset {
  const rows = {
    bars: bars.filter(kept),
    staleOpens: stale.filter((_, row) => {
      const bar = bars[row];
      return bar !== undefined && kept(bar);
    }),
  };
  return { ...rows, manifest: { ...manifest, ...described(rows) } };
}

function described({ bars, staleOpens: stale }: Rows) {
  return {
    rows: bars.length,
    start: bars.at(0)?.date ?? "",
    end: bars.at(-1)?.date ?? "",
    calendarGaps: calendarGaps(bars),
    ...staleShares(bars, stale),
  };
}

function calendarGaps(bars: readonly Bar[]): DescribedDataset["calendarGaps"] {
  const most = GAP_DAYS + usualSpacingDays(bars.map(({ date }) => date)) - 1;
  return bars.flatMap(({ date: before }, row) => {
    const after = bars[row - 1]?.date;
    const days = after === undefined ? 0 : (Date.parse(before) - Date.parse(after)) / DAY_MS;
    return after !== undefined && days > most ? [{ after, before, days }] : [];
  });
}

function staleShares(
  bars: readonly Bar[],
  stale: readonly (boolean | null)[],
): Pick<DescribedDataset, "staleOpenRatio" | "staleOpenRatioByYear"> {
  const years = new Map<string, { stale: number; rows: number }>();
  const all = { stale: 0, rows: 0 };
  for (const [row, { date }] of bars.entries()) {
    const repeats = stale[row] ?? null;
    if (repeats === null) continue;
    const year = years.get(date.slice(0, 4)) ?? { stale: 0, rows: 0 };
    years.set(date.slice(0, 4), year);
    for (const count of [all, year]) {
      count.rows += 1;
      if (repeats) count.stale += 1;
    }
  }
  return {
    staleOpenRatio: all.rows === 0 ? 0 : all.stale / all.rows,
    staleOpenRatioByYear: Object.fromEntries(
      Array.from(years, ([year, count]) => [year, count.stale / count.rows]),
    ),
  };
}
