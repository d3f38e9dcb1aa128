import { z } from "zod";

import { LIMITS } from "./limits.ts";
import { QuantError } from "./quant-error.ts";

/** Rows from `from` on, up to but without `to`. */
export const RowRange = z.strictObject({ from: z.int().nonnegative(), to: z.int().nonnegative() });
export type RowRange = z.infer<typeof RowRange>;

const Rows = z.int().max(LIMITS.bars);

/**
 * Rows of a walk-forward: train [s, s + trainRows), then purgeRows and embargoRows that nobody sees, then
 * testRows; s = firstRow, firstRow + testRows, … so that tests follow each other without a gap.
 * The purge keeps labels of the train rows out of the test; the embargo, 0 unless asked for, widens that gap.
 */
export const WalkForwardWindows = z.strictObject({
  firstRow: Rows.min(1).default(200),
  trainRows: Rows.min(2).default(1008),
  purgeRows: Rows.min(0).default(5),
  embargoRows: Rows.min(0).default(0),
  testRows: Rows.min(1).default(252),
});
export type WalkForwardWindows = z.infer<typeof WalkForwardWindows>;

/** What a number of rows depends on. `warmUpRows`: the longest of the grid; `holdoutRows`: held back at the end. */
export type RowsWanted = {
  readonly windows: WalkForwardWindows;
  readonly warmUpRows: number;
  readonly holdoutRows: number;
  readonly folds: number;
};

/**
 * Fewest rows of prices in which so many folds fit, none of them before the warm-up is over:
 * max(firstRow, warmUpRows) + trainRows + purgeRows + embargoRows + folds x testRows + holdoutRows.
 */
export function rowsNeeded({ windows, warmUpRows, holdoutRows, folds }: RowsWanted): number {
  const { firstRow, trainRows, purgeRows, embargoRows, testRows } = windows;
  const before = Math.max(firstRow, warmUpRows);
  return before + trainRows + purgeRows + embargoRows + folds * testRows + holdoutRows;
}

/** The train and the test rows of one fold. */
export type FoldSpan = { readonly train: RowRange; readonly test: RowRange };

/** The folds that fit into so many rows, at most as many as any data has; maybe none. */
export function foldSpans(rows: number, windows: WalkForwardWindows): FoldSpan[] {
  const { firstRow, trainRows, purgeRows, embargoRows, testRows } = windows;
  const toTest = trainRows + purgeRows + embargoRows;
  const end = Math.min(rows, LIMITS.bars) - toTest - testRows;
  const spans: FoldSpan[] = [];
  for (let start = firstRow; start <= end; start += testRows) {
    spans.push({
      train: { from: start, to: start + trainRows },
      test: { from: start + toTest, to: start + toTest + testRows },
    });
  }
  return spans;
}

/**
 * The folds that fit into so many rows. Throws E_INVALID if the windows are malformed or not even one
 * fold fits, and says how many rows that takes.
 */
export function windowsOver(
  rows: number,
  input: z.input<typeof WalkForwardWindows> = {},
): { readonly windows: WalkForwardWindows; readonly spans: readonly FoldSpan[] } {
  const parsed = WalkForwardWindows.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new QuantError({
      code: "E_INVALID",
      where: ["windows", ...(issue?.path ?? [])].join("."),
      value: input,
      rule: issue?.message ?? "the window schema",
      action: "correct the windows",
    });
  }
  const windows = parsed.data;
  const spans = foldSpans(rows, windows);
  if (spans.length > 0) return { windows, spans };
  const { firstRow, trainRows, purgeRows, embargoRows, testRows } = windows;
  throw new QuantError({
    code: "E_INVALID",
    where: "panel[0].length",
    value: rows,
    rule: `${firstRow + trainRows + purgeRows + embargoRows + testRows} rows for one fold`,
    action: "load more data or shorten the windows",
  });
}
