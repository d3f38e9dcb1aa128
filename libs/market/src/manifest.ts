import type { Bar } from "@baton/quant";

import type { CalendarGap, DatasetManifest } from "./dataset.ts";

const GAP_DAYS = 5;
const DAY_MS = 86_400_000;

/** Describes bars that were read and checked; `nullRate` comes from the reader, which saw the empty cells. */
export function describeBars(
  bars: readonly Bar[],
  origin: Pick<DatasetManifest, "instrument" | "source" | "sha256" | "nullRate">,
): DatasetManifest {
  const { instrument, source, sha256, nullRate } = origin;
  return {
    schemaVersion: "3.0.0",
    instrument,
    source,
    sha256,
    rows: bars.length,
    start: bars.at(0)?.date ?? "",
    end: bars.at(-1)?.date ?? "",
    calendarGaps: calendarGaps(bars),
    ...staleOpens(bars),
    nullRate,
  };
}

function calendarGaps(bars: readonly Bar[]): CalendarGap[] {
  return bars.flatMap(({ date: before }, row) => {
    const after = bars[row - 1]?.date;
    const days = after === undefined ? 0 : (Date.parse(before) - Date.parse(after)) / DAY_MS;
    return after !== undefined && days > GAP_DAYS ? [{ after, before, days }] : [];
  });
}

function staleOpens(
  bars: readonly Bar[],
): Pick<DatasetManifest, "staleOpenRatio" | "staleOpenRatioByYear"> {
  const years = new Map<string, { stale: number; rows: number }>();
  const all = { stale: 0, rows: 0 };
  for (const [row, { date, open }] of bars.entries()) {
    const previous = bars[row - 1]?.close;
    if (previous === undefined) continue;
    const year = years.get(date.slice(0, 4)) ?? { stale: 0, rows: 0 };
    years.set(date.slice(0, 4), year);
    for (const count of [all, year]) {
      count.rows += 1;
      if (open === previous) count.stale += 1;
    }
  }
  return {
    staleOpenRatio: all.rows === 0 ? 0 : all.stale / all.rows,
    staleOpenRatioByYear: Object.fromEntries(
      Array.from(years, ([year, { stale, rows }]) => [year, stale / rows]),
    ),
  };
}
