import { expect, test } from "vitest";

import { closesOf } from "./bar.ts";
import { figuresOf } from "./figures.ts";
import { settle } from "./holdings.ts";
import { simpleReturns } from "./returns.ts";
import { sampleBars, sampleCloses } from "./sample-bars.ts";
import { smaCross } from "./sma-cross.ts";
import { StressCase, STRESSES, stressSuite } from "./stress.ts";

const closes = [100, 110, 99, 118.8, 95.04, 104.544, 94.0896, 103.49856, 113.848416];
const panel = [sampleBars(closes)];
const targets = [[1, 1, 1, 0, 0, 1, 0, 0, 0]];
const suite = stressSuite({ panel, targets, bps: 10, barsPerYear: 252 });

/** Figures of weights written down by hand, one per return. */
const byHand = (weights: readonly number[], bps = 10, factor = 1) =>
  figuresOf(
    settle({
      weights: [weights],
      returns: [simpleReturns(closes).map((value) => value * factor)],
      bps,
    }),
    252,
  );

test("the suite has the cases of its list, in that order", () => {
  expect(suite.map(({ kind, size }) => ({ kind, size }))).toEqual(STRESSES);
  expect(STRESSES.map(({ kind, size }) => `${kind} ${size}`)).toEqual([
    "base 1",
    "costs 2",
    "costs 3",
    "delay 1",
    "delay 2",
    "delay 5",
    "volatility 1.5",
    "liquidity 0.25",
    "rejections 3",
  ]);
  for (const stress of suite) expect(StressCase.parse(stress)).toEqual(stress);
});

const held = [1, 1, 1, 0, 0, 1, 0, 0];

test.each([
  ["base", 1, byHand(held)],
  ["costs", 2, byHand(held, 20)],
  ["costs", 3, byHand(held, 30)],
  ["delay", 1, byHand([0, 1, 1, 1, 0, 0, 1, 0])],
  ["delay", 2, byHand([0, 0, 1, 1, 1, 0, 0, 1])],
  ["delay", 5, byHand([0, 0, 0, 0, 0, 1, 1, 1])],
  ["volatility", 1.5, byHand(held, 10, 1.5)],
  ["liquidity", 0.25, byHand([0.25, 0.5, 0.75, 0.5, 0.25, 0.5, 0.25, 0])],
  // Asked 1 on rows 1-3 (all refused), 0 from row 4, 1 on row 6 alone, 0 again: nothing is ever filled.
  ["rejections", 3, byHand([0, 0, 0, 0, 0, 0, 0, 0])],
] as const)("%s %d is what its weights give by hand", (kind, size, expected) => {
  expect(suite.find((stress) => stress.kind === kind && stress.size === size)?.figures).toEqual(
    expected,
  );
});

test("a rejected target is filled on its fourth row, and a turned one starts to count again", () => {
  const calm = [sampleBars(closes)];
  const rejected = stressSuite({
    panel: calm,
    targets: [[1, 1, 1, 1, 1, -1, 0, 0, 0]],
    bps: 10,
    barsPerYear: 252,
  });
  expect(rejected.at(-1)?.figures).toEqual(byHand([0, 0, 0, 1, 1, 1, 1, 1]));
});

test("thin liquidity ends on the target itself, also one between its steps", () => {
  const wanted = [0.4, 0.4, -0.4, -0.4, -0.4, -0.4, 0, 0, 0];
  const thin = stressSuite({ panel, targets: [wanted], bps: 10, barsPerYear: 252 });
  const down = [0.4 - 0.25, 0.4 - 0.25 - 0.25, 0.4 - 0.25 - 0.25 - 0.25];
  const reached = [0.25, 0.4, ...down, -0.4, -0.4 + 0.25, 0];
  expect(thin.find(({ kind }) => kind === "liquidity")?.figures).toEqual(byHand(reached));
});

test("costs hurt in proportion and volatility scales the earnings, not the signals", () => {
  const market = [sampleBars(sampleCloses(400))];
  const signals = smaCross.bind({ fast: 5, slow: 20 }).targets(market);
  const [base, twice, thrice, , , , rough] = stressSuite({
    panel: market,
    targets: signals,
    bps: 5,
    barsPerYear: 252,
  }).map(({ figures }) => figures);
  expect(twice?.cost).toBeCloseTo(2 * (base?.cost ?? 0), 12);
  expect(thrice?.cost).toBeCloseTo(3 * (base?.cost ?? 0), 12);
  expect(thrice?.total).toBeLessThan(twice?.total ?? 0);
  expect(rough).toMatchObject({ trades: base?.trades, cost: base?.cost });
  expect(rough?.volatility).toBeGreaterThan(1.4 * (base?.volatility ?? 0));
  expect(closesOf(market[0] ?? [])).toHaveLength(400);
});

test("targets of another length than the panel are refused", () => {
  expect(() => stressSuite({ panel, targets: [[1, 1]], bps: 5, barsPerYear: 252 })).toThrow(
    /E_INVALID series/,
  );
});
