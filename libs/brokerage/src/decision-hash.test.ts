import { expect, test } from "vitest";

import { type Decision, decisionHash, orderOf } from "./decision-hash.ts";
import { NewOrder } from "./order.ts";

const decision: Decision = {
  strategy_id: "sma-cross",
  symbol: "SPX",
  event_ts: "2019-04-17T00:00:00.000Z",
  timeframe: "1d",
  action: "buy",
  qty: "1.5",
  order_type: "limit",
  time_in_force: "day",
  limit_price: "2900.25",
  stop_price: null,
  account_label: "paper",
};

test("the hash is SHA-256 over compact JSON with sorted keys", () => {
  // Computed with Python's json.dumps(…, sort_keys=True, separators=(",", ":")).
  expect(decisionHash(decision)).toBe(
    "1b4e9b79466e1df6cdd523be92cc304024bd79390cd09372bca6c952a0002ea9",
  );
});

test("decimals count by value, and every part of a decision counts", () => {
  expect(decisionHash({ ...decision, qty: "1.500", limit_price: "2900.250" })).toBe(
    decisionHash(decision),
  );
  const changes: Partial<Decision>[] = [
    { strategy_id: "tsmom" },
    { symbol: "NDX" },
    { event_ts: "2019-04-18T00:00:00.000Z" },
    { timeframe: "1h" },
    { action: "sell" },
    { qty: "1.6" },
    { order_type: "stop_limit" },
    { time_in_force: "gtc" },
    { limit_price: "2900.26" },
    { stop_price: "1" },
    { account_label: "live" },
  ];
  const hashes = changes.map((change) => decisionHash({ ...decision, ...change }));
  expect(new Set([...hashes, decisionHash(decision)]).size).toBe(changes.length + 1);
});

test("the order of a decision carries its hash and is one that the broker takes", () => {
  const order = orderOf(decision, "2900");
  expect(NewOrder.parse(order)).toEqual(order);
  expect(order).toMatchObject({
    client_order_id: decisionHash(decision),
    side: "buy",
    reference_price: "2900",
  });
});
