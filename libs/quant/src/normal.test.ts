import * as fc from "fast-check";
import { expect, test } from "vitest";

import { momentsOf } from "./moments.ts";
import { normalCdf, normalQuantile } from "./normal.ts";

const relative = (seen: number, expected: number) => Math.abs(seen / expected - 1);

// Computed once with an independent implementation (Cephes, by way of scipy.stats.norm).
const CDF: readonly (readonly [number, number])[] = [
  [-37.5, 4.605353009581954e-308],
  [-10, 7.61985302416047e-24],
  [-5, 2.866515718791933e-7],
  [-3.0001, 0.0013494549132607172],
  [-3, 0.0013498980316300933],
  [-2.9999, 0.001350341282954925],
  [-1, 0.15865525393145707],
  [-0.1, 0.460172162722971],
  [0.5, 0.6914624612740131],
  [1, 0.8413447460685429],
  [2.5, 0.9937903346742238],
  [3, 0.9986501019683699],
  [6, 0.9999999990134123],
];
const QUANTILES: readonly (readonly [number, number])[] = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798409],
  [1e-9, -5.9978070150076865],
  [0.001, -3.090232306167813],
  [0.025, -1.9599639845400545],
  [0.3, -0.5244005127080409],
  [0.49999, -2.5066282748960008e-5],
  [0.975, 1.959963984540054],
  [0.999999, 4.753424308817087],
  [0.6666666666666666, 0.43072729929545744],
  [0.8773735196095193, 1.161956928912733],
];

test.each(CDF)("the probability below %d has all digits, also far out", (x, expected) => {
  expect(relative(normalCdf(x), expected)).toBeLessThan(2e-13);
});

test.each(QUANTILES)("the quantile of %d has all digits, also far out", (p, expected) => {
  expect(relative(normalQuantile(p), expected)).toBeLessThan(1e-12);
});

test("the middle and the ends of the distribution are exact", () => {
  expect(normalCdf(0)).toBe(0.5);
  expect(normalCdf(Infinity)).toBe(1);
  expect(normalCdf(-Infinity)).toBe(0);
  expect(normalQuantile(0.5)).toBe(0);
  for (const p of [0, 1, -0.1, Number.NaN]) {
    expect(() => normalQuantile(p)).toThrow(/E_INVALID probability/);
  }
});

test("the quantile undoes the probability and is symmetric", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 0.5, noNaN: true }), (p) => {
      expect(relative(normalCdf(normalQuantile(p)), p)).toBeLessThan(1e-12);
      // 1 - p itself is rounded, and the far tail magnifies that.
      expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), p < 1e-6 ? 3 : 8);
    }),
  );
});

test("moments are those of the population, kurtosis not in excess", () => {
  // Of 1, 2, 3, 4, 10: mean 4; squares 9+4+1+0+36 = 50; cubes -27-8-1+216 = 180; fourths 81+16+1+1296 = 1394.
  const moments = momentsOf([1, 2, 3, 4, 10]);
  expect(moments.mean).toBe(4);
  expect(moments.deviation).toBeCloseTo(Math.sqrt(10), 14);
  expect(moments.skew).toBeCloseTo(36 / 10 ** 1.5, 14);
  expect(moments.kurtosis).toBeCloseTo(278.8 / 100, 14);
  expect(momentsOf([2, 2])).toEqual({ mean: 2, deviation: 0, skew: 0, kurtosis: 3 });
  expect(momentsOf([])).toEqual({ mean: 0, deviation: 0, skew: 0, kurtosis: 3 });
});
