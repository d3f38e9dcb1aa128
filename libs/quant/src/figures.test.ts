import * as fc from "fast-check";
import { expect, test } from "vitest";

import {
  Figures,
  figuresOf,
  maxDrawdown,
  sharpeRatio,
  sortinoRatio,
  totalReturn,
} from "./figures.ts";
import { equityCurve, simpleReturns } from "./returns.ts";

const net = [0.1, -0.2, 0.05, 0];

test("figures of four returns are those worked out by hand", () => {
  const figures = figuresOf({ net, traded: [1, 0, 2, 0], cost: [0.001, 0, 0.002, 0] }, 252);
  const mean = -0.05 / 4;
  const variance = (0.1125 ** 2 + 0.1875 ** 2 + 0.0625 ** 2 + 0.0125 ** 2) / 4;
  expect(Figures.parse(figures)).toEqual(figures);
  expect(figures.rows).toBe(4);
  expect(figures.total).toBeCloseTo(1.1 * 0.8 * 1.05 - 1, 14);
  expect(figures.cagr).toBeCloseTo((1.1 * 0.8 * 1.05) ** 63 - 1, 14);
  expect(figures.volatility).toBeCloseTo(Math.sqrt(variance * 252), 14);
  expect(figures.sharpe).toBeCloseTo((mean / Math.sqrt(variance)) * Math.sqrt(252), 13);
  expect(figures.sortino).toBeCloseTo((mean / 0.1) * Math.sqrt(252), 13);
  expect(figures.maxDrawdown).toBeCloseTo(-0.2, 14);
  expect(figures).toMatchObject({ turnover: 3, turnoverPerYear: 189, trades: 2, cost: 0.003 });
});

test("the start counts as a peak, so a first loss is a drawdown", () => {
  expect(maxDrawdown([-0.25, 0.1])).toBe(-0.25);
  expect(maxDrawdown([0.1, 0.1])).toBe(0);
});

test("a ratio without spread or without losses has no value", () => {
  expect(sharpeRatio([0, 0, 0], 252)).toBeNull();
  expect(sortinoRatio([0.01, 0.02], 252)).toBeNull();
  expect(figuresOf({ net: [], traded: [], cost: [] }, 252)).toMatchObject({
    rows: 0,
    cagr: 0,
    total: 0,
  });
});

test("equity that is lost stays lost", () => {
  expect(equityCurve([0.5, -1.2, 3])).toEqual([1.5, 0, 0]);
  expect(figuresOf({ net: [0.5, -1.2, 3], traded: [1, 0, 0], cost: [0, 0, 0] }, 252)).toMatchObject(
    {
      total: -1,
      cagr: -1,
      maxDrawdown: -1,
    },
  );
});

test("a figure that overflows is refused by name", () => {
  const huge = Array.from({ length: 4 }, () => 1e200);
  expect(() => figuresOf({ net: huge, traded: [], cost: [] }, 252)).toThrow(
    /E_INVALID total: Infinity/,
  );
});

test("returns compound back to the prices they came from, and drawdown is a fraction", () => {
  const closes = fc.array(fc.double({ min: 0.5, max: 2000, noNaN: true }), { minLength: 2 });
  fc.assert(
    fc.property(closes, (prices) => {
      const returns = simpleReturns(prices);
      const [first = 1] = prices;
      expect(totalReturn(returns)).toBeCloseTo((prices.at(-1) ?? 0) / first - 1, 6);
      expect(maxDrawdown(returns)).toBeLessThanOrEqual(0);
      expect(maxDrawdown(returns)).toBeGreaterThanOrEqual(-1);
    }),
  );
});

test.each([
  ["to the last digit", 15],
  ["in prices of ten decimals", 10],
  ["in prices of four decimals", 4],
])(
  "returns that are all the same %s have no Sharpe ratio, whatever rounding leaves",
  (_, digits) => {
    const closes = Array.from({ length: 600 }, (_ignored, row) =>
      Number((100 * 1.0005 ** row).toFixed(digits)),
    );
    const constant = simpleReturns(closes);
    const { total, volatility, sharpe, sortino } = figuresOf(
      { net: constant, traded: [], cost: [] },
      252,
    );
    expect(total).toBeCloseTo(1.0005 ** 599 - 1, 5);
    expect({ volatility, sharpe, sortino }).toEqual({ volatility: 0, sharpe: null, sortino: null });
  },
);

test("figures a year follow the bars a year: weekly bars aren't daily ones", () => {
  const weekly = Array.from({ length: 520 }, (_, row) => (row % 2 === 0 ? 0.02 : -0.0156));
  const of = (barsPerYear: number) => figuresOf({ net: weekly, traded: [], cost: [] }, barsPerYear);
  expect(of(52).cagr).toBeCloseTo((1 + of(52).total) ** 0.1 - 1, 12);
  expect(of(52).sharpe).toBeCloseTo((0.0022 / 0.0178) * Math.sqrt(52), 9);
  expect((of(252).sharpe ?? 0) / (of(52).sharpe ?? 1)).toBeCloseTo(Math.sqrt(252 / 52), 9);
});
