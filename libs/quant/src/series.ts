import { QuantError } from "./quant-error.ts";

/** Numbers by row, first row first. */
export type Series = readonly number[];

/**
 * The number at a row. Throws E_INVALID outside the series instead of giving a silent NaN to
 * whatever is computed next.
 */
export function valueAt(series: Series, row: number): number {
  const value = series[row];
  if (value !== undefined) return value;
  throw new QuantError({
    code: "E_INVALID",
    where: "row",
    value: row,
    rule: `0 <= row < ${series.length}`,
    action: "use series of the same length",
  });
}

/** A series of zeros. */
export function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
