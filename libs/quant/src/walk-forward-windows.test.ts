import * as fc from "fast-check";
import { expect, test } from "vitest";

import { foldSpans, rowsNeeded, WalkForwardWindows } from "./walk-forward-windows.ts";

const usual = WalkForwardWindows.parse({});

test.each([
  // 200 + 1008 + 5 + 252 + 252
  ["one fold of the usual windows", { folds: 1 }, 1717],
  // 200 + 1008 + 5 + 5 x 252 + 252
  ["five folds of them", {}, 2725],
  ["with the shortest holdout", { holdoutRows: 60 }, 2533],
  // 301 instead of 200
  ["after a long warm-up", { warmUpRows: 301 }, 2826],
  // 1 + 252 + 5 + 5 x 63 + 60
  [
    "short windows",
    {
      windows: { ...usual, firstRow: 1, trainRows: 252, testRows: 63 },
      warmUpRows: 0,
      holdoutRows: 60,
    },
    633,
  ],
  // 50 + 504 + 10 + 2 + 4 x 100 + 120
  [
    "an embargo beside the purge",
    {
      windows: { firstRow: 50, trainRows: 504, purgeRows: 10, embargoRows: 2, testRows: 100 },
      warmUpRows: 49,
      holdoutRows: 120,
      folds: 4,
    },
    1086,
  ],
])("rows needed by %s", (_, changes, rows) => {
  const five = { windows: usual, warmUpRows: 199, holdoutRows: 252, folds: 5 };
  expect(rowsNeeded({ ...five, ...changes })).toBe(rows);
});

test("so many rows have so many folds, and one row fewer has one fold fewer", () => {
  const whole = (min: number, max: number) => fc.integer({ min, max });
  const anyWindows = fc.record({
    firstRow: whole(1, 300),
    trainRows: whole(2, 1500),
    purgeRows: whole(0, 30),
    embargoRows: whole(0, 30),
    testRows: whole(1, 300),
  });
  fc.assert(
    fc.property(anyWindows, whole(1, 40), whole(0, 500), (windows, folds, holdoutRows) => {
      const rows = rowsNeeded({ windows, warmUpRows: 1, holdoutRows, folds });
      expect(foldSpans(rows - holdoutRows, windows)).toHaveLength(folds);
      expect(foldSpans(rows - 1 - holdoutRows, windows)).toHaveLength(folds - 1);
    }),
  );
});

test("no number of rows makes more folds than any data has", () => {
  expect(foldSpans(1e15, { ...usual, testRows: 100 }).length).toBeLessThan(1000);
  expect(foldSpans(-5, usual)).toEqual([]);
});
