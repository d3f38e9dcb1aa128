import type { NewOrder, NewOrderInput } from "@baton/brokerage";
import { NewOrder as Schema } from "@baton/brokerage";

/** A market order for one unit that is filled at 100, unless told otherwise. */
export function order(over: Partial<NewOrderInput> = {}): NewOrder {
  return Schema.parse({
    client_order_id: "order-1",
    symbol: "SPX",
    qty: "1",
    side: "buy",
    type: "market",
    time_in_force: "day",
    reference_price: "100",
    ...over,
  });
}

/** A limit order without a price to fill at: it stays open. */
export function restingOrder(over: Partial<NewOrderInput> = {}): NewOrder {
  return order({ type: "limit", limit_price: "1", reference_price: null, ...over });
}
