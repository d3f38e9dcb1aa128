import { expect, test } from "vitest";

import { backtest } from "./backtest.ts";
import { delayedWeights, netReturns, settle } from "./holdings.ts";
import { sampleBars } from "./sample-bars.ts";

test("a signal earns from the row after it and every change of weight is paid", () => {
  // r = 0.1, -0.1, 0.2; s = 1, 1, 0, 1, so w = 1, 1, 0.
  const net = netReturns([1, 1, 0, 1], [100, 110, 99, 118.8], 5);
  expect(net[0]).toBeCloseTo(0.1 - 0.0005, 14);
  expect(net[1]).toBeCloseTo(-0.1, 14);
  expect(net[2]).toBeCloseTo(-0.0005, 14);
  expect(net).toHaveLength(3);
});

test("a turn from long to short pays twice, and the last position is closed for nothing", () => {
  const { traded, cost } = settle({
    weights: [[1, -1, -1]],
    returns: [[0, 0, 0]],
    bps: 10,
  });
  expect(traded).toEqual([1, 2, 0]);
  expect(cost).toEqual([0.001, 0.002, 0]);
});

test("the last signal and those past the delay are never held", () => {
  expect(delayedWeights([1, 2, 3, 4])).toEqual([1, 2, 3]);
  expect(delayedWeights([1, 2, 3, 4], 2)).toEqual([0, 0, 1]);
  expect(delayedWeights([1, 2, 3, 4], 9)).toEqual([0, 0, 0]);
});

test("several instruments add up, each paying for its own changes", () => {
  const panel = [sampleBars([100, 110, 110]), sampleBars([50, 50, 25])];
  const { holdings } = backtest({
    panel,
    targets: [
      [0.5, 0, 0],
      [0, 0.25, 0],
    ],
    bps: 100,
    barsPerYear: 252,
  });
  expect(holdings.net[0]).toBeCloseTo(0.05 - 0.005, 14);
  expect(holdings.net[1]).toBeCloseTo(-0.125 - 0.0075, 14);
});

test("inputs that would give a silent NaN are refused with their place", () => {
  expect(() => netReturns([1, 1], [100, 110, 120], 5)).toThrow(/series of instrument 0: 1/);
  expect(() => netReturns([1, Number.NaN, 1], [100, 110, 120], 5)).toThrow(/NaN.*finite/);
  expect(() => netReturns([1, 1, 1], [100, 0, 120], 5)).toThrow(/closes\[1\]: 0/);
  expect(() => netReturns([1, 1, 1], [100, Infinity, 120], 5)).toThrow(/closes\[1\]: Infinity/);
  expect(() => netReturns([1, 1], [100, 110], -1)).toThrow(/bps: -1/);
  expect(() => netReturns([1], [100], 5)).toThrow(/closes.length: 1/);
  expect(() =>
    netReturns(
      [],
      Array.from({ length: 100_001 }, () => 1),
      5,
    ),
  ).toThrow(/E_LIMIT closes.length: 100001/);
  const panel = [sampleBars([1, 2, 3]), sampleBars([1, 2])];
  expect(() => backtest({ panel, targets: [], bps: 0, barsPerYear: 252 })).toThrow(
    /panel\[1\].length: 2/,
  );
  const shuffled = [[...sampleBars([1, 2])].toReversed()];
  expect(() => backtest({ panel: shuffled, targets: [[0, 0]], bps: 0, barsPerYear: 252 })).toThrow(
    /dates ascend/,
  );
  const one = [sampleBars([1, 2])];
  expect(() => backtest({ panel: one, targets: [], bps: 0, barsPerYear: 252 })).toThrow(
    /one series per instrument/,
  );
});
