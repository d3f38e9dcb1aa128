import { type Decimal, type NewOrder, toUnits } from "@baton/brokerage";

/**
 * Price at which an order is filled at once and as a whole, or null if it stays open: always its reference price, if
 * its limit and its stop allow that. No spread, no partial fills: costs are the strategy evaluation's business.
 */
export function fillPrice(order: NewOrder): Decimal | null {
  const { reference_price: reference, limit_price: limit, stop_price: stop, side } = order;
  if (reference === null) return null;
  const price = toUnits(reference);
  const buying = side === "buy";
  if (limit !== null && (buying ? price > toUnits(limit) : price < toUnits(limit))) return null;
  if (stop !== null && (buying ? price < toUnits(stop) : price > toUnits(stop))) return null;
  return reference;
}

/** True if an order that isn't filled at once is gone at once. */
export function isImmediate(order: NewOrder): boolean {
  return order.time_in_force === "ioc" || order.time_in_force === "fok";
}
