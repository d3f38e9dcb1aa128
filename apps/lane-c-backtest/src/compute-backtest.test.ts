import { builtInMarketData, onSharedDates } from "@baton/market";
import {
  expectedMaximumSharpe,
  netReturns,
  probabilisticSharpe,
  sharpeRatio,
  smaCross,
  walkForward,
  WalkForwardWindows,
} from "@baton/quant";
import { sampleVariance } from "simple-statistics";
import { expect, test } from "vitest";

import type { BacktestInput } from "./backtest-input.ts";
import { computeBacktest } from "./compute-backtest.ts";
import { targetsDigest } from "./targets-digest.ts";
import { sampleBars } from "./testing/sample-inputs.ts";

const GRID = [
  { fast: 10, slow: 50 },
  { fast: 20, slow: 100 },
  { fast: 50, slow: 200 },
];

const inputOf = (instruments: BacktestInput["instruments"]): BacktestInput => ({
  plugin: "sma-cross",
  grid: GRID,
  costBps: 5,
  seed: 1,
  bootstrapSamples: 20,
  holdoutRows: 252,
  barsPerYear: 252,
  windows: WalkForwardWindows.parse({}),
  instruments,
});

test("With one instrument the portfolio is that instrument's walk-forward.", () => {
  const bars = sampleBars(2000);
  const result = computeBacktest(inputOf([{ instrument: "AAA", bars }]));
  const walk = walkForward({
    panel: [bars],
    plugin: smaCross,
    grid: GRID,
    bps: 5,
    barsPerYear: 252,
  });
  expect(result.portfolio.net).toEqual(walk.holdings.net);
  expect(result.portfolio.figures).toEqual(walk.figures);
  expect(result.portfolio.dates[0]).toBe(walk.folds[0]?.testStart);
  expect(result.portfolio.dates.at(-1)).toBe(walk.folds.at(-1)?.testEnd);
  expect(result.chosen[0]?.share).toBe(1);
});

test("The deflated Sharpe ratio is told of every declared trial, on the portfolio's own rows.", () => {
  const bars = sampleBars(2000);
  const result = computeBacktest(inputOf([{ instrument: "AAA", bars }]));
  const tested = GRID.map((parameters) => {
    const alone = { ...inputOf([{ instrument: "AAA", bars }]), grid: [parameters] };
    const { mean, deviation } = momentsOf(computeBacktest(alone).portfolio.net);
    return mean / deviation;
  });
  const threshold = expectedMaximumSharpe(3, sampleVariance(tested));
  expect(result.deflatedSharpe.trials).toBe(3);
  expect(result.deflatedSharpe.expectedMaximum).toBeCloseTo(threshold, 12);
  expect(result.deflatedSharpe.probability).toBeCloseTo(
    probabilisticSharpe(result.portfolio.net, threshold) ?? 0,
    12,
  );
});

test("The parameters to go on with are chosen on the last rows before the held-back ones.", () => {
  const bars = sampleBars(2000);
  const result = computeBacktest(inputOf([{ instrument: "AAA", bars }]));
  const closes = bars.map(({ close }) => close);
  // Rows 987 to 1994; returns start at row 1.
  const sharpes = GRID.map((parameters) => {
    const [targets = []] = smaCross.bind(parameters).targets([bars]);
    return sharpeRatio(netReturns(targets, closes, 5).slice(986, 1994), 252) ?? 0;
  });
  const [chosen] = result.chosen;
  expect(chosen?.train).toMatchObject({ from: 987, to: 1995 });
  expect(chosen?.trainSharpe).toBe(Math.max(...sharpes));
  expect(chosen?.parameters).toEqual(GRID[sharpes.indexOf(Math.max(...sharpes))]);
});

test("Real prices of two instruments with different ranges are one portfolio over the test rows that they share.", async () => {
  const market = builtInMarketData();
  const { signal } = new AbortController();
  const loaded = await Promise.all(["SPX", "NDX"].map((name) => market.load(name, signal)));
  const instruments = onSharedDates(loaded).datasets.map(({ manifest, bars }) => ({
    instrument: manifest.instrument,
    bars: bars.slice(0, -252),
  }));
  const result = computeBacktest(inputOf(instruments));
  expect(result.targets.map(({ rows }) => rows)).toEqual(Array.from({ length: 6 }, () => 2892));
  expect(result.targets[3]).toEqual(
    targetsDigest(smaCross.bind(GRID[1]).targets([instruments[1]?.bars ?? []])[0] ?? []),
  );
  expect(result.instruments.map(({ folds }) => folds.length)).toEqual([6, 6]);
  expect(result.portfolio.dates.at(0)).toBe("2004-11-01");
  expect(result.portfolio.dates.at(-1)).toBe("2010-11-01");
  const { sharpe, maxDrawdown } = result.portfolio.figures;
  expect([sharpe, maxDrawdown].map((value) => value?.toFixed(3))).toEqual(["0.461", "-0.169"]);
  expect(result.buyAndHold.maxDrawdown).toBeLessThan(-0.5);
  expect(result.chosen.map(({ share }) => share)).toEqual([0.5, 0.5]);
});

test("Prices that grow by the same share every day have no ratio anywhere, whatever rounding leaves.", () => {
  const bars = sampleBars(2000).map((bar, row) => {
    const close = 100 * 1.0005 ** row;
    return { ...bar, open: close, high: close, low: close, close };
  });
  const input = { ...inputOf([{ instrument: "AAA", bars }]), costBps: 0 };
  const result = computeBacktest(input);
  expect(result.portfolio.figures).toMatchObject({ sharpe: null, sortino: null, volatility: 0 });
  expect(result.deflatedSharpe).toMatchObject({ sharpe: null, probability: null });
  expect(result.bands.full.sharpe).toBeNull();
  // Only the first fold holds the warm-up, in which nothing was held: there is spread between that and what follows.
  const folds = result.instruments[0]?.crossValidation.results.map(({ testSharpe }) => testSharpe);
  expect(folds?.slice(1)).toEqual([null, null, null, null]);
  expect(result.instruments[0]?.folds[0]?.trainSharpes).toEqual([null, null, null]);
});

test("Weekly bars are figured with 52 a year, daily ones with as many as there are.", () => {
  const instruments = [{ instrument: "AAA", bars: sampleBars(2000) }];
  const of = (barsPerYear: number) => computeBacktest({ ...inputOf(instruments), barsPerYear });
  const [weekly, daily] = [of(52), of(252)];
  const scale = Math.sqrt(252 / 52);
  const ratio = (one: number | null | undefined, other: number | null | undefined) =>
    (one ?? Number.NaN) / (other ?? Number.NaN);
  for (const [one, other] of [
    [daily.portfolio.figures.sharpe, weekly.portfolio.figures.sharpe],
    [daily.portfolio.figures.sortino, weekly.portfolio.figures.sortino],
    [daily.portfolio.figures.volatility, weekly.portfolio.figures.volatility],
    [daily.bands.full.sharpe?.p05, weekly.bands.full.sharpe?.p05],
    [daily.bands.holdout.sharpe?.p95, weekly.bands.holdout.sharpe?.p95],
    [daily.crossValidatedSharpe, weekly.crossValidatedSharpe],
    [daily.buyAndHold.sharpe, weekly.buyAndHold.sharpe],
    [daily.stress[3]?.figures.sharpe, weekly.stress[3]?.figures.sharpe],
    [daily.chosen[0]?.trainSharpe, weekly.chosen[0]?.trainSharpe],
    [daily.neighbourhood.instruments[0]?.sharpe, weekly.neighbourhood.instruments[0]?.sharpe],
    [
      daily.instruments[0]?.folds[0]?.trainSharpes[1],
      weekly.instruments[0]?.folds[0]?.trainSharpes[1],
    ],
  ])
    expect(ratio(one, other)).toBeCloseTo(scale, 9);
  const { total, cagr, rows, turnover, turnoverPerYear } = weekly.portfolio.figures;
  expect(cagr).toBeCloseTo((1 + total) ** (52 / rows) - 1, 12);
  expect(turnoverPerYear).toBeCloseTo((turnover * 52) / rows, 12);
  expect(weekly.deflatedSharpe).toEqual(daily.deflatedSharpe);
});

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
