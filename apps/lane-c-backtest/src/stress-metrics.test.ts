import { STRESS_FAMILIES } from "@baton/artifacts";
import { type Figures, type StressCase, STRESSES } from "@baton/quant";
import { expect, test } from "vitest";

import { stressMetrics } from "./stress-metrics.ts";

const figures = (sharpe: number, maxDrawdown = -0.1): Figures => ({
  rows: 252,
  total: 0.1,
  cagr: 0.1,
  volatility: 0.1,
  sharpe,
  sortino: 1,
  maxDrawdown,
  turnover: 2,
  turnoverPerYear: 2,
  trades: 2,
  cost: 0.001,
});

const suite = (change: (stress: Omit<StressCase, "figures">) => Figures): StressCase[] =>
  STRESSES.map((stress) => ({ ...stress, figures: change(stress) }));

test("Every case of the suite has a name of its own, and every family a case.", () => {
  const { cases } = stressMetrics(suite(() => figures(1)));
  expect(cases.map(({ id }) => id)).toEqual([
    "costs-x2",
    "costs-x3",
    "delay-1",
    "delay-2",
    "delay-5",
    "volatility-x1.5",
    "liquidity-0.25",
    "rejections-3",
  ]);
  expect(new Set(cases.map(({ family }) => family))).toEqual(new Set(STRESS_FAMILIES));
});

test("Fragility is the share of the base's ratio that the worst case takes.", () => {
  const metrics = stressMetrics(
    suite(({ kind, size }) =>
      kind === "delay" && size === 5 ? figures(0.25, -0.4) : figures(kind === "costs" ? 0.9 : 1),
    ),
  );
  expect(metrics.summary).toEqual({ fragility: 0.75, worstCase: "delay-5", maxDrawdown: -0.4 });
  expect(metrics.cases.find(({ id }) => id === "costs-x2")?.fragility).toBeCloseTo(0.1, 12);
});

test("A case that does better isn't fragile, one that loses money is entirely.", () => {
  const metrics = stressMetrics(
    suite(({ kind }) => figures(kind === "liquidity" ? 2 : kind === "rejections" ? -1 : 1)),
  );
  const fragility = Object.fromEntries(metrics.cases.map((of) => [of.id, of.fragility]));
  expect(fragility).toMatchObject({ "liquidity-0.25": 0, "rejections-3": 1 });
});

test("A base that earns nothing counts as entirely fragile.", () => {
  for (const sharpe of [0, -0.5])
    expect(stressMetrics(suite(() => figures(sharpe))).summary.fragility).toBe(1);
});

test("A suite without its base is a bug, not a result.", () => {
  expect(() => stressMetrics(suite(() => figures(1)).slice(1))).toThrow(RangeError);
});
