import { expect, test } from "vitest";

import { strategyKind } from "./authored.ts";

const authored = { warmUpRows: 20, weights: { least: -1, most: 1 } };
const grid = [
  { rows: 5, share: 0.5 },
  { rows: 20, share: 1 },
];

test("an authored strategy is known by what it declares: parameters of its grid, warm-up, bounds", () => {
  const plugin = strategyKind({ plugin: "authored", grid, authored });
  expect(plugin.bind(grid[0])).toMatchObject({
    parameters: grid[0],
    warmUpRows: 20,
    bounds: { least: -1, most: 1 },
  });
  // Whole where the grid has whole numbers only.
  for (const wrong of [{ rows: 5 }, { rows: 5.5, share: 1 }, { rows: 5, share: 1, more: 1 }, {}])
    expect(() => plugin.bind(wrong)).toThrow(/E_INVALID|authored/);
});

test("its targets are those that its source gave for these rows, and there are no others", () => {
  const bar = { date: "2020-01-01", open: 1, high: 1, low: 1, close: 1, volume: 1 };
  const rows = [bar, bar];
  const plugin = strategyKind({ plugin: "authored", grid, authored }, (parameters, of) =>
    of === rows && parameters["rows"] === 5 ? [0, 1] : undefined,
  );
  expect(plugin.bind(grid[0]).targets([rows])).toEqual([[0, 1]]);
  expect(() => plugin.bind(grid[1]).targets([rows])).toThrow(/run the source first/);
});

test("without what it says of itself there is none, and the library's stay what they are", () => {
  expect(() => strategyKind({ plugin: "authored", grid })).toThrow(/warmUpRows/);
  expect(strategyKind({ plugin: "sma-cross", grid: [] }).name).toBe("sma-cross");
});
