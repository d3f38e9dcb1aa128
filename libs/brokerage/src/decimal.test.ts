import * as fc from "fast-check";
import { expect, test } from "vitest";

import { Decimal, decimal, fromUnits, toUnits } from "./decimal.ts";

test("units and text are the same number, both ways", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 21n) + 1n, max: 10n ** 21n - 1n }), (units) => {
      expect(toUnits(fromUnits(units))).toBe(units);
    }),
  );
  expect(["0.50", "12", "-3.25", "0"].map((text) => fromUnits(toUnits(text)))).toEqual([
    "0.5",
    "12",
    "-3.25",
    "0",
  ]);
});

test("numbers become decimals without exponents or trailing zeros", () => {
  expect([0.1 + 0.2, 1e-9, 100, 1e11, 2.5].map(decimal)).toEqual([
    "0.3",
    "0.000000001",
    "100",
    "100000000000",
    "2.5",
  ]);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e12, 1e21])("%d is no quantity", (value) => {
  expect(() => decimal(value)).toThrow(RangeError);
});

test.each(["", "01", ".5", "5.", "1e3", "+1", "-1", "1.0000000001", "١"])(
  "%j is no decimal on the wire",
  (text) => {
    expect(Decimal.safeParse(text).success).toBe(false);
  },
);
