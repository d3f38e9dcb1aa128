import type { BacktestFigures, InstrumentWalkForward } from "@baton/artifacts";
import { expect, test } from "vitest";

import { foldMetrics } from "./fold-metrics.ts";

const figures = (total: number): BacktestFigures => ({
  rows: 252,
  total,
  cagr: total,
  volatility: 0.1,
  sharpe: 1,
  sortino: 1,
  maxDrawdown: -0.1,
  turnover: 2,
  turnoverPerYear: 2,
  trades: 2,
  cost: 0.001,
});
const span = (from: number, to: number) => ({ from, to, start: "2001-01-01", end: "2002-01-01" });

function walked(totals: readonly number[], gap = 5): InstrumentWalkForward {
  return {
    instrument: "AAA",
    research: span(0, 2000),
    folds: totals.map((total, fold) => ({
      fold,
      train: span(200, 1208),
      test: span(1208 + gap, 1460 + gap),
      trainSharpes: [0.1, 0.7],
      chosen: 1,
      figures: figures(total),
    })),
    crossValidation: { folds: 5, labelRows: 5, embargoRows: 5, results: [] },
    trialSharpesPerRow: [0.01, 0.02],
    outOfSample: figures(0.1),
  };
}

const grid = [{ fast: 10 }, { fast: 20 }];
const measure = (instruments: InstrumentWalkForward[], researchRows = 2000) =>
  foldMetrics({ instruments, grid, researchRows: { AAA: researchRows } });

test("Folds of all instruments count together.", () => {
  const { folds, summary } = measure([walked([0.1, -0.1]), walked([0.3, 0])]);
  expect(folds).toHaveLength(4);
  expect(folds[0]).toMatchObject({ parameters: { fast: 20 }, trainSharpe: 0.7 });
  expect(summary).toMatchObject({ folds: 4, negativeFolds: 1, negativeShare: 0.25, trades: 8 });
  expect(summary.meanTotal).toBeCloseTo(0.075, 12);
  // Population deviation of 0.1, -0.1, 0.3, 0.
  expect(summary.deviationTotal).toBeCloseTo(Math.sqrt(0.021875), 12);
  expect(summary.variation).toBeCloseTo(Math.sqrt(0.021875) / 0.075, 12);
});

test("The variation is measured against the mean's size: a loss isn't a negative variation.", () => {
  expect(measure([walked([-0.1, -0.3])]).summary.variation).toBeCloseTo(0.5, 12);
});

test("A mean of 0 has no variation.", () => {
  expect(measure([walked([0.25, -0.25])]).summary.variation).toBeNull();
});

test("A train window that reaches into its test rows shows.", () => {
  expect(measure([walked([0.1]), walked([0.1], -3)]).leakage).toEqual({
    leastGapRows: -3,
    temporalOrder: false,
    heldBackRowsSeen: 0,
  });
});

test("Rows that were seen although they are held back are counted, and so are all rows of an unknown instrument.", () => {
  expect(measure([walked([0.1])], 1990).leakage.heldBackRowsSeen).toBe(10);
  const { leakage } = foldMetrics({ instruments: [walked([0.1])], grid, researchRows: {} });
  expect(leakage.heldBackRowsSeen).toBe(2000);
});
