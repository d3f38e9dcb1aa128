/** Brings a file's prices to one footing, so that a return is what a holder earned. */
import type { CsvTreatment, DescribedDataset } from "@baton/artifacts";
import type { Bar } from "@baton/quant";

import { MarketError } from "./market-error.ts";

/** A row as it stands in a file. */
export type FileRow = Bar & { readonly adjustedClose: number | undefined };

/** Bars at comparable prices, and how they became so. */
export type ComparablePrices = {
  readonly bars: readonly Bar[];
  readonly prices: DescribedDataset["prices"];
};

/** How far the move at a declared split may be off its ratio, as a factor: a day of the market lies in it, too. */
const SPLIT_MARGIN = 1.4;

/**
 * With an adjusted close in the file every price of a row is scaled so that it closes there; otherwise the rows before
 * each declared split are brought to the new shares. `where` is what errors call the file. Throws E_INVALID if splits are
 * declared that the adjusted close holds already, that aren't at a row, or that the prices don't show.
 */
export function comparablePrices(
  rows: readonly FileRow[],
  { splits = [] }: CsvTreatment,
  where: string,
): ComparablePrices {
  const asGiven = rows.map(({ date, open, high, low, close, volume }) => ({
    date,
    open,
    high,
    low,
    close,
    volume,
  }));
  const adjusted = rows.flatMap((row, index) => adjustedBar(row, asGiven[index]));
  if (adjusted.length === 0 && splits.length === 0) return { bars: asGiven, prices: "as-given" };
  if (splits.length === 0) return { bars: adjusted, prices: "adjusted-close" };
  if (adjusted.length > 0)
    throw refused(`${where}: csv.splits`, {
      value: `${splits.length} splits beside an adjusted close`,
      rule: "splits are declared only where the file has no adjusted close, which holds them already",
      action: "take csv.splits out of the specification, or the column out of the file",
    });
  const unsplit = splits.reduce<readonly Bar[]>((bars, split, index) => {
    const place = `${where}: csv.splits[${index}]`;
    return beforeSplit(bars, split, place);
  }, asGiven);
  return { bars: unsplit, prices: "declared-splits" };
}

function adjustedBar({ adjustedClose }: FileRow, bar: Bar | undefined): Bar[] {
  if (adjustedClose === undefined || bar === undefined) return [];
  const factor = adjustedClose / bar.close;
  return [scaled(bar, { factor, close: adjustedClose, volume: bar.volume })];
}

function beforeSplit(
  bars: readonly Bar[],
  { date, ratio }: NonNullable<CsvTreatment["splits"]>[number],
  where: string,
): readonly Bar[] {
  const [many = 1, few = 1] = ratio.split(":").map(Number);
  const row = bars.findIndex((bar) => bar.date === date);
  const [before, after] = [bars[row - 1], bars[row]];
  if (before === undefined || after === undefined)
    throw refused(where, {
      value: date,
      rule: "the date of a row after the first one: the first at the new price",
      action: "correct the date",
    });
  const factor = few / many;
  const off = [after.open, after.close].map((price) => Math.log(price / before.close / factor));
  if (!off.some((gap) => Math.abs(gap) <= Math.log(SPLIT_MARGIN)))
    throw refused(where, {
      value: `${date} moved to ${(after.close / before.close).toPrecision(3)} of the row before`,
      rule: `prices that move to about ${factor.toPrecision(3)} at a split of ${ratio}`,
      action: "correct date or ratio, or take the split out if the file is adjusted already",
    });
  return bars.map((bar, index) =>
    index < row
      ? scaled(bar, { factor, close: bar.close * factor, volume: bar.volume / factor })
      : bar,
  );
}

/** Every price by the same factor; rounding leaves the high the highest and the low the lowest. */
function scaled(
  bar: Bar,
  {
    factor,
    close,
    volume,
  }: { readonly factor: number; readonly close: number; readonly volume: number },
): Bar {
  const open = bar.open * factor;
  return {
    date: bar.date,
    open,
    high: Math.max(bar.high * factor, open, close),
    low: Math.min(bar.low * factor, open, close),
    close,
    volume,
  };
}

function refused(
  where: string,
  detail: { readonly value: string; readonly rule: string; readonly action: string },
): MarketError {
  return new MarketError({ code: "E_INVALID", class: "spec", where, ...detail });
}
