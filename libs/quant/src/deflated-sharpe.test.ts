import { expect, test } from "vitest";

import {
  DeflatedSharpe,
  deflatedSharpe,
  expectedMaximumSharpe,
  probabilisticSharpe,
} from "./deflated-sharpe.ts";

/** 1250 returns made so that the ratio per row is `sharpe`: alternating about a mean, so skew 0 and kurtosis 1. */
const alternating = (sharpe: number) =>
  Array.from({ length: 1250 }, (_, row) => sharpe + (row % 2 === 0 ? 1 : -1));

test("the best of many worthless trials is what the formula gives", () => {
  // Ten trials, variance 1: (1 - g) * z(0.9) + g * z(1 - 1/(10 e)).
  expect(expectedMaximumSharpe(10, 1)).toBeCloseTo(1.57459830134575, 12);
  expect(expectedMaximumSharpe(100, 0.25)).toBeCloseTo(1.2653014466008423, 12);
  expect(expectedMaximumSharpe(1, 0.5)).toBe(0);
  expect(expectedMaximumSharpe(50, 0)).toBe(0);
});

test("the probability follows from length, skew and kurtosis", () => {
  // Skew 0, kurtosis 1: the spread is 1, so z = 0.05 * sqrt(1249).
  expect(probabilisticSharpe(alternating(0.05), 0)).toBeCloseTo(0.9613908850351356, 12);
  expect(probabilisticSharpe(alternating(0.05), 0.05)).toBeCloseTo(0.5, 12);
  const skewed = [0.01, 0.02, -0.05, 0.03, 0.01, 0.04, -0.01, 0.02];
  expect(probabilisticSharpe(skewed, 0.1)).toBeCloseTo(0.6960621544857124, 12);
});

test("a good ratio among few trials counts for less among many", () => {
  const net = alternating(0.06);
  const trialSharpes = [0.06, 0.01, -0.02];
  const few = deflatedSharpe({ net, trialSharpes });
  const many = deflatedSharpe({ net, trialSharpes, trials: 500 });
  expect(DeflatedSharpe.parse(few)).toEqual(few);
  expect(few.trialVariance).toBeCloseTo(0.0016333333333333334, 15);
  expect(few.expectedMaximum).toBe(expectedMaximumSharpe(3, few.trialVariance));
  expect(few.probability).toBe(probabilisticSharpe(net, few.expectedMaximum));
  expect(many.probability).toBeLessThan(few.probability ?? 0);
  expect(deflatedSharpe({ net, trialSharpes: [0.06] }).expectedMaximum).toBe(0);
});

test("a strategy that never traded, or always earned the same, is neither good nor bad by it", () => {
  const none = { sharpe: null, skew: 0, kurtosis: 3, probability: null };
  const flat = deflatedSharpe({ net: [0, 0, 0], trialSharpes: [null, 0] });
  expect(flat).toMatchObject({ ...none, trialVariance: 0 });
  const residue = [0.001, 0.001 + 1e-15, 0.001, 0.001 - 1e-15];
  expect(deflatedSharpe({ net: residue, trialSharpes: [0.1] })).toMatchObject(none);
});

test("trials that were not declared, or not run, are refused", () => {
  const net = alternating(0.05);
  expect(() => deflatedSharpe({ net, trialSharpes: [0.1, 0.2], trials: 1 })).toThrow(/trials: 1/);
  expect(() => deflatedSharpe({ net, trialSharpes: [0.1], trials: 2 })).toThrow(/two ratios/);
  expect(() => deflatedSharpe({ net, trialSharpes: [] })).toThrow(/E_INVALID/);
  expect(() => deflatedSharpe({ net, trialSharpes: [0.1, Number.NaN] })).toThrow(/finite ratio/);
  expect(() => deflatedSharpe({ net: [0.1], trialSharpes: [0.1] })).toThrow(/two returns/);
  expect(() => expectedMaximumSharpe(1_000_001, 1)).toThrow(/E_LIMIT/);
});
