import type { Bar } from "@baton/quant";
import { bootstrapBands } from "@baton/quant";
import { expect, test } from "vitest";

import { heldBackPortfolio } from "./held-back-portfolio.ts";
import { evaluateShadow } from "./shadow-evaluation.ts";
import { tradingCosts } from "./trading-costs.ts";

const DAY = 86_400_000;

/** Bars on consecutive days from their opens and closes. */
function barsOf(prices: readonly (readonly [open: number, close: number])[], from: string): Bar[] {
  return prices.map(([open, close], index) => ({
    date: new Date(Date.parse(from) + index * DAY).toISOString().slice(0, 10),
    open,
    high: Math.max(open, close),
    low: Math.min(open, close),
    close,
    volume: 1,
  }));
}

function signals(
  bars: readonly Bar[],
  targets: readonly number[],
  cut: number,
  instrument = "NDX",
) {
  const lastBar = bars.at(-1);
  if (lastBar === undefined) throw new RangeError("no bars");
  return {
    instrument,
    sha256: "a".repeat(64),
    bars,
    cut,
    share: 1,
    parameters: {},
    targets,
    lastBar,
  };
}

const quiet = Array.from({ length: 300 }, (_, row) => (row % 2 === 0 ? 0.004 : -0.003));
const bandsOf = (horizonRows: number, net: readonly number[] = quiet) =>
  bootstrapBands({ net, seed: 1, barsPerYear: 252, horizonRows });

test("only held-back rows count, held at what was known the evening before", () => {
  // The jump on the first held-back row is earned by the last research row's target.
  const bars = barsOf(
    [
      [100, 100],
      [100, 50],
      [55, 100],
      [100, 110],
      [110, 99],
    ],
    "2020-01-06",
  );
  const { evaluation } = evaluateShadow([signals(bars, [1, 1, 0, 1, 1], 2)], {
    costBps: 0,
    bands: bandsOf(3),
    barsPerYear: 252,
  });
  expect(evaluation.net).toEqual([1, 0, expect.closeTo(-0.1, 12)]);
  expect(evaluation.instruments[0]?.holdout).toEqual({
    from: 2,
    to: 5,
    start: "2020-01-08",
    end: "2020-01-10",
  });
});

test("costs compare the close that decided with the next open, buys and sells with their sign", () => {
  const bars = barsOf(
    [
      [100, 100],
      [102, 100],
      [99, 200],
      [190, 200],
    ],
    "2020-01-06",
  );
  const costs = tradingCosts(heldBackPortfolio([signals(bars, [1, 1, 0, 0], 1)]), 5);
  // Bought at 102 instead of 100: 200 bps worse. Sold at 190 instead of 200: 500 bps worse.
  expect(costs).toMatchObject({ orders: 2, traded: 2, churn: expect.closeTo(2 / 3, 12) });
  expect(costs.slippageBps).toBeCloseTo(350, 9);
  expect(costs.shortfallBps).toBeCloseTo(355, 9);
  expect(costs.divergenceBps).toBeCloseTo(700 / 3, 9);
});

test("nothing traded costs nothing and has no slippage", () => {
  const bars = barsOf(
    [
      [100, 100],
      [101, 100],
      [99, 100],
    ],
    "2020-01-06",
  );
  const costs = tradingCosts(heldBackPortfolio([signals(bars, [0, 0, 0], 1)]), 5);
  expect(costs).toEqual({
    orders: 0,
    traded: 0,
    slippageBps: null,
    shortfallBps: null,
    churn: 0,
    divergenceBps: 0,
  });
});

test("two instruments share the equity evenly on the dates that both have", () => {
  const slow = barsOf(
    [
      [1, 1],
      [1, 2],
      [2, 4],
    ],
    "2020-01-06",
  );
  const fast = slow.map((bar, row) => ({ ...bar, close: 3 ** row, high: 9 }));
  const of = [signals(slow, [1, 1, 1], 1, "NDX"), signals(fast, [1, 1, 1], 1, "SPX")];
  const expectation = { costBps: 0, bands: bandsOf(2), barsPerYear: 252 };
  expect(evaluateShadow(of, expectation).evaluation.net).toEqual([1.5, 1.5]);
  const later = fast.map((bar) => ({ ...bar, date: bar.date.replace("2020", "2021") }));
  const apart = [signals(slow, [1, 1, 1], 1, "NDX"), signals(later, [1, 1, 1], 1, "SPX")];
  expect(() => evaluateShadow(apart, expectation)).toThrow(/dates ascend and are the same/);
});

test("held-back rows without a position have no Sharpe ratio, and a person decides", () => {
  const of = signals(
    rising(0.0005),
    always.map(() => 0),
    1,
  );
  const { evaluation, gates } = evaluateShadow([of], {
    costBps: 0,
    bands: bandsOf(
      100,
      quiet.map((value) => value - 0.0005),
    ),
    barsPerYear: 252,
  });
  expect(evaluation.figures.sharpe).toBeNull();
  expect(gates[0]).toMatchObject({
    status: "inconclusive",
    reasons: [expect.stringMatching(/^sharpe has no value/)],
  });
});

const rising = (daily: number) => {
  let close = 100;
  return barsOf(
    Array.from({ length: 101 }, (_, row) => {
      const open = close;
      close *= 1 + daily + (row % 2 === 0 ? 0.002 : -0.002);
      return [open, close] as const;
    }),
    "2020-01-06",
  );
};
const always = Array.from({ length: 101 }, () => 1);

test.each([
  ["as expected", 0.0005, "pass"],
  ["clearly worse than almost any resampled path", -0.004, "fail"],
] as const)("performance %s ends in %s", (_, daily, status) => {
  const of = signals(rising(daily), always, 1);
  const { gates } = evaluateShadow([of], { costBps: 0, bands: bandsOf(100), barsPerYear: 252 });
  const gate = gates.find(({ gateId }) => gateId === "performance-bands");
  expect(gate?.status).toBe(status);
  expect(gate?.reasons.length).toBe(status === "pass" ? 0 : 3);
});

test("between the 1 % and the 5 % edge a person decides", () => {
  const bands = bandsOf(100);
  const of = signals(rising(0.0005), always, 1);
  const { evaluation } = evaluateShadow([of], { costBps: 0, bands, barsPerYear: 252 });
  const { total } = evaluation.figures;
  const tight = { ...bands, total: { ...bands.total, p01: total - 0.1, p05: total + 0.1 } };
  const { gates } = evaluateShadow([of], { costBps: 0, bands: tight, barsPerYear: 252 });
  expect(gates[0]).toMatchObject({
    gateId: "performance-bands",
    status: "inconclusive",
    reasons: [expect.stringMatching(/^total .* 5 % edge/)],
  });
});

test("slippage is only judged once there are enough orders to judge it by", () => {
  const gapped = (rows: number) =>
    barsOf(
      Array.from({ length: rows }, (_, row) => [row % 2 === 0 ? 99.5 : 100.5, 100] as const),
      "2020-01-06",
    );
  const flipping = (rows: number) =>
    Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? 1 : 0));
  const judge = (rows: number) =>
    evaluateShadow([signals(gapped(rows), flipping(rows), 1)], {
      costBps: 0,
      bands: bandsOf(
        rows - 1,
        quiet.map((value) => value - 0.01),
      ),
      barsPerYear: 252,
    }).gates.find(({ gateId }) => gateId === "trading-costs")?.reasons ?? [];
  expect(judge(15).join()).toContain("slippage of 50.0000 bps isn't judged: 14 orders");
  expect(judge(15).join()).not.toContain("slippage in bps");
  expect(judge(60).join()).toContain("slippage in bps 50.0000 is over 25");
});
