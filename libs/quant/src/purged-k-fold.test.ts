import * as fc from "fast-check";
import { expect, test } from "vitest";

import { horizonLabels, purgedKFold } from "./purged-k-fold.ts";

test("rows whose labels reach into the test leave, and so do those of the embargo after it", () => {
  const folds = purgedKFold({ labels: horizonLabels(12, 2), folds: 3, embargoRows: 1 });
  expect(folds).toEqual([
    // Test labels span 0-5: rows 4, 5 touch them, row 6 is embargoed.
    { fold: 0, test: { from: 0, to: 4 }, train: [7, 8, 9, 10, 11], purged: 2, embargoed: 1 },
    // Test labels span 4-9: rows 2, 3 reach in, 8, 9 start inside, 10 is embargoed.
    { fold: 1, test: { from: 4, to: 8 }, train: [0, 1, 11], purged: 4, embargoed: 1 },
    { fold: 2, test: { from: 8, to: 12 }, train: [0, 1, 2, 3, 4, 5], purged: 2, embargoed: 0 },
  ]);
});

test("labels without a horizon and no embargo lose nothing, and odd rows go to the first folds", () => {
  const folds = purgedKFold({ labels: horizonLabels(8, 0), folds: 3, embargoRows: 0 });
  expect(folds.map(({ test: { from, to } }) => [from, to])).toEqual([
    [0, 3],
    [3, 6],
    [6, 8],
  ]);
  expect(folds.every(({ purged, embargoed }) => purged + embargoed === 0)).toBe(true);
  expect(folds.map(({ train }) => train.length)).toEqual([5, 5, 6]);
});

test("for any labels: folds cover every row once, and no train label touches a test label", () => {
  const input = fc
    .array(fc.nat(6), { minLength: 4, maxLength: 40 })
    .chain((reach) =>
      fc.tuple(
        fc.constant(reach.map((rows, row) => ({ first: row, last: row + rows }))),
        fc.integer({ min: 2, max: 4 }),
        fc.nat(3),
      ),
    );
  fc.assert(
    fc.property(input, ([labels, folds, embargoRows]) => {
      const result = purgedKFold({ labels, folds, embargoRows });
      const tested = result.flatMap(({ test: { from, to } }) => labels.slice(from, to));
      expect(tested).toEqual(labels);
      for (const { test: span, train, purged, embargoed } of result) {
        const inTest = labels.slice(span.from, span.to);
        const end = Math.max(...inTest.map(({ last }) => last));
        for (const row of train) {
          const label = labels[row] ?? { first: 0, last: 0 };
          expect(inTest.some((t) => t.first <= label.last && label.first <= t.last)).toBe(false);
          expect(row > end && row <= end + embargoRows).toBe(false);
        }
        expect(train.length + purged + embargoed + inTest.length).toBe(labels.length);
      }
    }),
  );
});

test("sizes and spans that make no sense are refused by name", () => {
  const labels = horizonLabels(10, 1);
  expect(() => purgedKFold({ labels, folds: 1, embargoRows: 0 })).toThrow(/E_INVALID folds: 1/);
  expect(() => purgedKFold({ labels, folds: 11, embargoRows: 0 })).toThrow(/E_INVALID folds: 11/);
  expect(() => purgedKFold({ labels, folds: 101, embargoRows: 0 })).toThrow(/E_LIMIT folds: 101/);
  expect(() => purgedKFold({ labels, folds: 2, embargoRows: -1 })).toThrow(/embargoRows: -1/);
  expect(() =>
    purgedKFold({
      labels: [
        { first: 0, last: 0 },
        { first: 1, last: 0 },
      ],
      folds: 2,
      embargoRows: 0,
    }),
  ).toThrow(/labels\[1\].*"last":0/);
  expect(() => horizonLabels(100_001, 1)).toThrow(/E_LIMIT rows: 100001/);
  expect(() => horizonLabels(10, -1)).toThrow(/horizonRows: -1/);
});
