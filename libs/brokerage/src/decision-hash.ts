import { createHash } from "node:crypto";

import { canonicalJson, Instant } from "@baton/contracts";
import { z } from "zod";

import { Decimal, fromUnits, toUnits } from "./decimal.ts";
import { type NewOrder, OrderType, Side, Ticker, TimeInForce } from "./order.ts";

/**
 * What makes a trading decision itself: the same decision taken twice is the same order. Telemetry is left out on
 * purpose. All text is ASCII, so that every JSON writer gives the same bytes.
 */
export const Decision = z.strictObject({
  strategy_id: z.string().regex(/^[\x21-\x7e]{1,128}$/),
  symbol: Ticker,
  /** The bar that it was taken on. */
  event_ts: Instant,
  timeframe: z.string().regex(/^[A-Za-z0-9]{1,16}$/),
  action: Side,
  qty: Decimal,
  order_type: OrderType,
  time_in_force: TimeInForce,
  limit_price: Decimal.nullable(),
  stop_price: Decimal.nullable(),
  account_label: z.string().regex(/^[\x21-\x7e]{1,128}$/),
});
export type Decision = z.infer<typeof Decision>;

const shortest = (value: Decimal): Decimal => fromUnits(toUnits(value));

/**
 * Identity of a decision: SHA-256 in hex over its compact JSON with sorted keys; it becomes the client order id.
 * Decimals count by value: "1.50" and "1.5" are one decision.
 */
export function decisionHash(decision: Decision): string {
  const { qty, limit_price, stop_price, ...rest } = Decision.parse(decision);
  const text = canonicalJson({
    ...rest,
    qty: shortest(qty),
    limit_price: limit_price === null ? null : shortest(limit_price),
    stop_price: stop_price === null ? null : shortest(stop_price),
  });
  return createHash("sha256").update(text).digest("hex");
}

/** The order that carries out `decision`; `referencePrice` is what the paper broker fills at. */
export function orderOf(decision: Decision, referencePrice: Decimal | null = null): NewOrder {
  return {
    client_order_id: decisionHash(decision),
    symbol: decision.symbol,
    qty: decision.qty,
    side: decision.action,
    type: decision.order_type,
    time_in_force: decision.time_in_force,
    limit_price: decision.limit_price,
    stop_price: decision.stop_price,
    reference_price: referencePrice,
  };
}
