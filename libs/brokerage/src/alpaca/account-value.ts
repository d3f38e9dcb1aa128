import { BrokerError } from "../broker-error.ts";
import { toUnits } from "../decimal.ts";
import type { Order } from "../order.ts";
import type { AccountHoldings } from "./order-guard.ts";

const ONE = 1_000_000_000n;

/**
 * Value of what an account holds at its entry and has open, other than of `except`, in units of 10^-9. An open order counts at the
 * price that it names, it was sent at, or its instrument is held at. Throws a BrokerError for one that has none of them: what can't
 * be valued can't be held against a limit.
 */
export function valueOf(
  { positions, open }: AccountHoldings,
  prices: ReadonlyMap<string, string>,
  except: string | undefined,
): bigint {
  const entry = new Map(positions.map(({ symbol, avg_entry_price: price }) => [symbol, price]));
  let value = 0n;
  for (const { symbol, qty, avg_entry_price: price } of positions)
    if (symbol !== except) value += times(qty, price);
  for (const order of open) {
    if (order.symbol === except) continue;
    const { notional } = order as Order & { notional?: string | null };
    if (notional != null) {
      value += toUnits(notional);
      continue;
    }
    const price =
      order.limit_price ??
      order.stop_price ??
      prices.get(order.client_order_id) ??
      entry.get(order.symbol);
    if (price === undefined)
      throw new BrokerError(
        `the open order ${order.id} for ${order.symbol} has no price that it could be held against the limits by; it goes on once that is filled or cancelled`,
        undefined,
      );
    value += times(order.qty, price);
  }
  return value;
}

function times(qty: string, price: string): bigint {
  const value = (toUnits(qty) * toUnits(price)) / ONE;
  return value < 0n ? -value : value;
}
