import * as fc from "fast-check";
import { expect, test } from "vitest";

import { backtest } from "./backtest.ts";
import { closesOf, type Panel } from "./bar.ts";
import { sampleBars, sampleCloses } from "./sample-bars.ts";
import { SMA_CROSS_GRID, smaCross } from "./sma-cross.ts";
import { tsmomVolTarget } from "./tsmom-vol-target.ts";
import { windowsOver } from "./walk-forward-windows.ts";
import { walkForward, WalkForwardFold } from "./walk-forward.ts";

const SMALL = { firstRow: 30, trainRows: 60, purgeRows: 3, testRows: 25 };
const GRID = [
  { fast: 3, slow: 10 },
  { fast: 5, slow: 20 },
  { fast: 8, slow: 30 },
];

/** The definition once more, row by row and without sharing anything, for one instrument and average crosses. */
function slowly(
  closes: readonly number[],
  grid: readonly { readonly fast: number; readonly slow: number }[],
  { firstRow, trainRows, purgeRows, testRows }: typeof SMALL,
  bps: number,
) {
  const average = (row: number, rows: number) =>
    closes.slice(row - rows + 1, row + 1).reduce((sum, close) => sum + close, 0) / rows;
  const earned = (row: number) => (closes[row] ?? 0) / (closes[row - 1] ?? 0) - 1;
  const weight = (candidate: number, row: number) => {
    const { fast, slow } = grid[candidate] ?? { fast: 0, slow: 0 };
    const seen = row - 1;
    if (seen < slow - 1) return 0;
    return average(seen, fast) > average(seen, slow) ? 1 : 0;
  };
  const net: number[] = [];
  const chosen: number[] = [];
  let held = 0;
  for (
    let start = firstRow;
    start + trainRows + purgeRows + testRows <= closes.length;
    start += testRows
  ) {
    let best = -1;
    let bestSharpe = -Infinity;
    for (const candidate of grid.keys()) {
      const train = Array.from({ length: trainRows }, (_, k) => {
        const row = start + k;
        const moved = Math.abs(weight(candidate, row) - weight(candidate, row - 1));
        return weight(candidate, row) * earned(row) - (moved * bps) / 10_000;
      });
      const mean = train.reduce((sum, value) => sum + value, 0) / trainRows;
      const variance = train.reduce((sum, value) => sum + (value - mean) ** 2, 0) / trainRows;
      const sharpe = variance === 0 ? 0 : mean / Math.sqrt(variance);
      if (sharpe > bestSharpe) [best, bestSharpe] = [candidate, sharpe];
    }
    chosen.push(best);
    for (let k = 0; k < testRows; k += 1) {
      const row = start + trainRows + purgeRows + k;
      const wanted = weight(best, row);
      net.push(wanted * earned(row) - (Math.abs(wanted - held) * bps) / 10_000);
      held = wanted;
    }
  }
  return { net, chosen };
}

const onePanel = (closes: readonly number[]): Panel => [sampleBars(closes)];

test("a slow recomputation by the definition chooses and earns the same", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 7, noNaN: true }), fc.nat(40), (phase, more) => {
      const closes = sampleCloses(250 + more, phase);
      const panel = onePanel(closes);
      const fast = walkForward({
        panel,
        plugin: smaCross,
        grid: GRID,
        bps: 20,
        windows: SMALL,
        barsPerYear: 252,
      });
      const slow = slowly(closes, GRID, SMALL, 20);
      expect(fast.folds.map(({ chosen }) => chosen)).toEqual(slow.chosen);
      expect(fast.holdings.net).toHaveLength(slow.net.length);
      for (const [k, value] of fast.holdings.net.entries()) {
        expect(value).toBeCloseTo(slow.net[k] ?? Number.NaN, 13);
      }
    }),
    { numRuns: 25 },
  );
});

test("the windows are 1008 rows, 5 purged, then 252 tested, from row 200 on, while the test fits", () => {
  const { windows, spans } = windowsOver(1717);
  expect(windows).toEqual({
    firstRow: 200,
    trainRows: 1008,
    purgeRows: 5,
    embargoRows: 0,
    testRows: 252,
  });
  expect(spans).toEqual([
    { train: { from: 200, to: 1208 }, test: { from: 1213, to: 1465 } },
    { train: { from: 452, to: 1460 }, test: { from: 1465, to: 1717 } },
  ]);
  expect(windowsOver(1716).spans).toHaveLength(1);
  expect(() => windowsOver(1464)).toThrow(/1464 breaks the rule "1465 rows for one fold"/);
  expect(windowsOver(1470, { embargoRows: 5 }).spans[0]?.test).toEqual({ from: 1218, to: 1470 });
});

test.each([
  { firstRow: 0 },
  { trainRows: 1 },
  { purgeRows: -1 },
  { testRows: 0 },
  { testRows: 1.5 },
])("windows of %j are refused by name", (windows) => {
  expect(() => windowsOver(5000, windows)).toThrow(
    new RegExp(`E_INVALID windows.${Object.keys(windows)[0]}`),
  );
});

test("equal parameter sets tie, and the first one is chosen", () => {
  const [one, two, three] = GRID;
  const panel = onePanel(sampleCloses(300));
  const chosen = (grid: readonly unknown[]) =>
    walkForward({ panel, plugin: smaCross, grid, windows: SMALL, barsPerYear: 252 }).folds.map(
      (fold) => fold.chosen,
    );
  const alone = chosen([one, two, three]);
  expect(new Set(alone).size).toBeGreaterThan(1);
  expect(chosen([one, two, three, one, two, three])).toEqual(alone);
  expect(chosen([three, three, one, one, two])).toEqual(alone.map((k) => [2, 4, 0][k]));
  const still = onePanel(Array.from({ length: 300 }, () => 7));
  const flat = walkForward({
    panel: still,
    plugin: smaCross,
    grid: GRID,
    windows: SMALL,
    barsPerYear: 252,
  });
  expect(flat.folds.every((fold) => fold.chosen === 0)).toBe(true);
});

test("the choice sees nothing of the purge or the test", () => {
  const closes = sampleCloses(118);
  const grid = { plugin: smaCross, grid: GRID, windows: SMALL, barsPerYear: 252 };
  const changed = closes.map((close, row) => (row < 90 ? close : 1000 - close));
  const one = walkForward({ panel: onePanel(closes), ...grid }).folds;
  const other = walkForward({ panel: onePanel(changed), ...grid }).folds;
  expect(one).toHaveLength(1);
  expect(other[0]?.trainSharpes).toEqual(one[0]?.trainSharpes);
  expect(other[0]?.figures).not.toEqual(one[0]?.figures);
});

test("folds report their rows, dates, parameters and figures, and join without a gap", () => {
  const panel = onePanel(sampleCloses(260));
  const result = walkForward({
    panel,
    plugin: smaCross,
    grid: GRID,
    windows: SMALL,
    barsPerYear: 252,
  });
  expect(result.folds.length).toBeGreaterThan(2);
  for (const [k, fold] of result.folds.entries()) {
    expect(WalkForwardFold.parse(fold)).toEqual(fold);
    expect(fold.parameters).toEqual(GRID[fold.chosen]);
    expect(fold.testStart).toBe(panel[0]?.[fold.test.from]?.date);
    expect(fold.testEnd).toBe(panel[0]?.[fold.test.to - 1]?.date);
    expect(fold.test.from).toBe(result.folds[k - 1]?.test.to ?? 93);
    expect(fold.figures.rows).toBe(25);
  }
  const growth = result.folds.reduce((all, { figures }) => all * (1 + figures.total), 1);
  expect(result.figures.total).toBeCloseTo(growth - 1, 12);
  expect(result.trials.map(({ parameters }) => parameters)).toEqual(GRID);
});

test("the joined test rows give the same returns when run as a backtest of their own", () => {
  const panel = [sampleBars(sampleCloses(300)), sampleBars(sampleCloses(300, 2))];
  const grid = [
    { momentumRows: 10, volatilityRows: 5 },
    { momentumRows: 25, volatilityRows: 10, dailyVolatility: 0.02 },
  ];
  const result = walkForward({
    panel,
    plugin: tsmomVolTarget,
    grid,
    windows: SMALL,
    bps: 10,
    barsPerYear: 252,
  });
  const again = backtest({
    panel: result.testPanel,
    targets: result.testTargets,
    bps: 10,
    barsPerYear: 252,
  });
  expect(again.holdings.net).toEqual(result.holdings.net);
  expect(again.figures).toEqual(result.figures);
  expect(result.testPanel[1]?.[1]?.date).toBe(result.folds[0]?.testStart);
});

test("a run of the same input is the same to the last digit, with 5 basis points unless said", () => {
  const panel = onePanel(sampleCloses(1500));
  const run = () =>
    walkForward({ panel, plugin: smaCross, grid: SMA_CROSS_GRID, barsPerYear: 252 });
  expect(JSON.stringify(run())).toBe(JSON.stringify(run()));
  expect(run().bps).toBe(5);
  expect(closesOf(run().testPanel[0] ?? [])).toHaveLength(253);
});

test("an empty or endless grid is refused", () => {
  const panel = onePanel(sampleCloses(300));
  const run = (grid: readonly unknown[], rows = panel) =>
    walkForward({ panel: rows, plugin: smaCross, grid, windows: SMALL, barsPerYear: 252 });
  expect(() => run([])).toThrow(/E_INVALID grid/);
  expect(() => run(Array.from({ length: 1001 }, () => GRID[0]))).toThrow(
    /E_LIMIT grid.length: 1001/,
  );
  const long = onePanel(Array.from({ length: 8_001 }, () => 1));
  expect(() =>
    run(
      Array.from({ length: 1000 }, () => GRID[0]),
      long,
    ),
  ).toThrow(/E_LIMIT.*gridWork/);
});
