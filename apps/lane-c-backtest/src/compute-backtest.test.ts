import { builtInMarketData } from "@baton/market";
import {
  expectedMaximumSharpe,
  netReturns,
  probabilisticSharpe,
  sharpeRatio,
  smaCross,
  walkForward,
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
  instruments,
});

test("With one instrument the portfolio is that instrument's walk-forward.", () => {
  const bars = sampleBars(2000);
  const result = computeBacktest(inputOf([{ instrument: "AAA", bars }]));
  const walk = walkForward({ panel: [bars], plugin: smaCross, grid: GRID, bps: 5 });
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
    probabilisticSharpe(result.portfolio.net, threshold),
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
    return sharpeRatio(netReturns(targets, closes, 5).slice(986, 1994));
  });
  const [chosen] = result.chosen;
  expect(chosen?.train).toMatchObject({ from: 987, to: 1995 });
  expect(chosen?.trainSharpe).toBe(Math.max(...sharpes));
  expect(chosen?.parameters).toEqual(GRID[sharpes.indexOf(Math.max(...sharpes))]);
});

test("Real prices of two instruments with different ranges are one portfolio over all of their test rows.", async () => {
  const market = builtInMarketData();
  const { signal } = new AbortController();
  const instruments = await Promise.all(
    ["SPX", "NDX"].map(async (instrument) => {
      const { bars } = await market.load(instrument, signal);
      return { instrument, bars: bars.slice(0, -252) };
    }),
  );
  const result = computeBacktest(inputOf(instruments));
  expect(result.targets.map(({ rows }) => rows)).toEqual([4853, 6472, 4853, 6472, 4853, 6472]);
  expect(result.targets[3]).toEqual(
    targetsDigest(smaCross.bind(GRID[1]).targets([instruments[1]?.bars ?? []])[0] ?? []),
  );
  expect(result.instruments.map(({ folds }) => folds.length)).toEqual([14, 20]);
  expect(result.portfolio.dates.at(0)).toBe("1990-08-21");
  expect(result.portfolio.dates.at(-1)).toBe("2018-11-02");
  const { sharpe, maxDrawdown } = result.portfolio.figures;
  expect([sharpe, maxDrawdown].map((value) => value.toFixed(3))).toEqual(["0.637", "-0.357"]);
  // Trends are out of the market in the long falls that holding it suffers.
  expect(result.buyAndHold.maxDrawdown).toBeLessThan(-0.8);
  expect(result.neighbourhood.robustness).toBeGreaterThan(0.9);
  expect(result.chosen.map(({ share }) => share)).toEqual([0.5, 0.5]);
});

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
