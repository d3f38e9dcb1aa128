import { requireWhole, requireWithin } from "./limits.ts";
import { requireThat } from "./quant-error.ts";
import type { RowRange } from "./walk-forward-windows.ts";

/** Rows that a row's label is computed from, both ends included: `{ first: t, last: t + 20 }`. */
export type LabelSpan = { readonly first: number; readonly last: number };

/** One fold: test rows [from, to), the train rows that are left, and how many were taken out and why. */
export type PurgedFold = {
  readonly fold: number;
  readonly test: RowRange;
  readonly train: readonly number[];
  readonly purged: number;
  readonly embargoed: number;
};

/**
 * k contiguous folds, the first ones a row longer where k does not divide the rows. A train row leaves if its
 * label span touches the span of any test label, or if it starts within `embargoRows` after the last of them
 * (López de Prado, "Advances in Financial Machine Learning", 2018, chapter 7).
 * Throws E_INVALID on spans that end before they start, E_LIMIT past the limits.
 */
export function purgedKFold(input: {
  readonly labels: readonly LabelSpan[];
  readonly folds: number;
  readonly embargoRows: number;
}): PurgedFold[] {
  const { labels, folds, embargoRows } = input;
  requireWithin("bars", labels.length, "labels.length");
  requireWithin("folds", folds, "folds");
  requireWhole(folds, [2, Math.max(2, labels.length)], "folds");
  requireWhole(embargoRows, [0, labels.length], "embargoRows");
  const broken = labels.findIndex(({ first, last }, row) => !(first === row && last >= first));
  requireThat(broken === -1, {
    where: `labels[${broken}]`,
    value: labels[broken],
    rule: "a span that starts at its own row and ends there or later",
    action: "correct the label spans",
  });
  const size = Math.floor(labels.length / folds);
  const longer = labels.length % folds;
  return Array.from({ length: folds }, (_, fold) => {
    const from = fold * size + Math.min(fold, longer);
    const test = { from, to: from + size + (fold < longer ? 1 : 0) };
    return { fold, test, ...trainRows(labels, test, embargoRows) };
  });
}

/** Labels of a fixed horizon: row t looks at rows t to t + horizonRows, cut at the last row. */
export function horizonLabels(rows: number, horizonRows: number): LabelSpan[] {
  requireWithin("bars", rows, "rows");
  requireWhole(rows, [0, rows], "rows");
  requireWhole(horizonRows, [0, rows], "horizonRows");
  return Array.from({ length: rows }, (_, row) => ({
    first: row,
    last: Math.min(row + horizonRows, rows - 1),
  }));
}

function trainRows(labels: readonly LabelSpan[], test: RowRange, embargoRows: number) {
  // Every span starts at its own row, so together the test spans cover one unbroken range of rows.
  const lastTested = labels
    .slice(test.from, test.to)
    .reduce((latest, { last }) => Math.max(latest, last), test.from);
  const train: number[] = [];
  let purged = 0;
  let embargoed = 0;
  for (const [row, { first, last }] of labels.entries()) {
    if (row >= test.from && row < test.to) continue;
    if (last >= test.from && first <= lastTested) purged += 1;
    else if (first > lastTested && first <= lastTested + embargoRows) embargoed += 1;
    else train.push(row);
  }
  return { train, purged, embargoed };
}
