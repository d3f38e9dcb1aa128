import { type Bar, smaCross, WalkForwardWindows } from "@baton/quant";
import { expect, test } from "vitest";

import { sampleBars } from "./testing/sample-inputs.ts";
import { largest, runTrial, trialRows } from "./trials.ts";

const bars = sampleBars(1800);
const windows = WalkForwardWindows.parse({});
const rows = trialRows({ instrument: "AAA", bars }, windows);
const PARAMETERS = { fast: 10, slow: 50 };

const seen: (readonly number[])[] = [];
const hear = (targets: readonly number[]) => void seen.push(targets);

/** The definitions once more, as plain loops: net returns by row of the price (row 0 has none). */
function netByRow(series: readonly Bar[], bps: number): number[] {
  const average = (row: number, size: number) => {
    let sum = 0;
    for (let k = row - size + 1; k <= row; k += 1) sum += series[k]?.close ?? 0;
    return sum / size;
  };
  const net = [0];
  let before = 0;
  for (let row = 1; row < series.length; row += 1) {
    const weight = row - 1 >= 49 && average(row - 1, 10) > average(row - 1, 50) ? 1 : 0;
    const gain = (series[row]?.close ?? 0) / (series[row - 1]?.close ?? 0) - 1;
    net.push(weight * gain - (Math.abs(weight - before) * bps) / 10_000);
    before = weight;
  }
  return net;
}

function sharpePerRow(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return mean / Math.sqrt(variance);
}

test("The last train window ends before the purged rows and is as long as any other.", () => {
  expect(rows.last).toEqual({ from: 1800 - 5 - 1008, to: 1795 });
  expect(rows.test).toEqual({ from: 1213, to: 1213 + 2 * 252 });
});

test("Other windows make other rows.", () => {
  const short = { ...windows, firstRow: 50, trainRows: 504, purgeRows: 10, testRows: 63 };
  const { test: tested, last } = trialRows({ instrument: "AAA", bars }, short);
  // 50 + 504 + 10 = 564; (1800 - 564) / 63 is 19 and a bit.
  expect(tested).toEqual({ from: 564, to: 564 + 19 * 63 });
  expect(last).toEqual({ from: 1800 - 10 - 504, to: 1790 });
});

test("No train row of a cross-validation fold reaches into its test rows or follows them at once.", () => {
  expect(rows.folds).toHaveLength(5);
  for (const { test: tested, train } of rows.folds) {
    const near = train.filter((row) => row >= tested.from - 5 && row < tested.to + 5 + 5);
    expect(near).toEqual([]);
  }
});

test("A trial's ratios are those of the definitions on the same rows.", () => {
  const trial = runTrial({
    plugin: smaCross,
    parameters: PARAMETERS,
    rows: [rows],
    costBps: 5,
    barsPerYear: 252,
    hear,
  });
  const net = netByRow(bars, 5);
  const year = Math.sqrt(252);
  expect(trial.instruments[0]?.lastTrain).toBeCloseTo(
    sharpePerRow(net.slice(787, 1795)) * year,
    10,
  );
  const [first] = rows.folds;
  expect(trial.instruments[0]?.foldTest[0]).toBeCloseTo(
    // Row 0 has no return.
    sharpePerRow(net.slice(1, first?.test.to)) * year,
    10,
  );
  expect(trial.instruments[0]?.foldTrain[0]).toBeCloseTo(
    sharpePerRow((first?.train ?? []).map((row) => net[row] ?? 0)) * year,
    10,
  );
  // The portfolio enters its test rows from cash: only that entry may cost more.
  const tested = net.slice(1213, 1213 + 504);
  expect(trial.portfolioSharpePerRow).toBeCloseTo(sharpePerRow(tested), 3);
});

test("Every target of a trial is shown to the comparison with the built source.", () => {
  seen.length = 0;
  const of = { plugin: smaCross, parameters: PARAMETERS, rows: [rows, rows] };
  runTrial({ ...of, costBps: 5, barsPerYear: 252, hear });
  expect(seen.map(({ length }) => length)).toEqual([bars.length, bars.length]);
});

test("The largest value wins, the first of a tie; none counts as 0.", () => {
  expect(largest([1, 3, 3, 2])).toBe(1);
  expect(largest([-2, -1])).toBe(1);
  expect(largest([-2, null, -1])).toBe(1);
});
