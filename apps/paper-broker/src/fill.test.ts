import { expect, test } from "vitest";

import { fillPrice } from "./fill.ts";
import { order } from "./testing/order.ts";

test("a market order fills at its reference price, and stays open without one", () => {
  expect(fillPrice(order())).toBe("100");
  expect(fillPrice(order({ reference_price: null }))).toBeNull();
});

test.each([
  ["buy", "limit", { limit_price: "100" }, "100"],
  ["buy", "limit", { limit_price: "99.999999999" }, null],
  ["sell", "limit", { limit_price: "100" }, "100"],
  ["sell", "limit", { limit_price: "100.000000001" }, null],
  ["buy", "stop", { stop_price: "101" }, null],
  ["buy", "stop", { stop_price: "100" }, "100"],
  ["sell", "stop", { stop_price: "99" }, null],
  ["sell", "stop", { stop_price: "100" }, "100"],
  ["buy", "stop_limit", { stop_price: "99", limit_price: "99" }, null],
  ["buy", "stop_limit", { stop_price: "99", limit_price: "101" }, "100"],
] as const)("at 100, a %s %s order of %j fills at %s", (side, type, prices, expected) => {
  expect(fillPrice(order({ side, type, ...prices }))).toBe(expected);
});
