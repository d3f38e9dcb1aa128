import type { DatedRows } from "@baton/artifacts";
import type { Bar } from "@baton/quant";

/** Rows `from` up to but without `to` with their dates. Throws a RangeError if the bars don't have them. */
export function datedRows(
  bars: readonly Bar[],
  { from, to }: { readonly from: number; readonly to: number },
): DatedRows {
  const start = bars[from]?.date;
  const end = bars[to - 1]?.date;
  if (start === undefined || end === undefined)
    throw new RangeError(`rows ${from} to ${to} of a series of ${bars.length}`);
  return { from, to, start, end };
}
