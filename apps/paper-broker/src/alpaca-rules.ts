/** What Alpaca refuses, and how it says so; found in its documentation and in what others were answered (docs/orders.md). Pure. */
import {
  Decimal,
  fromUnits,
  type Order,
  OrderType,
  Side,
  TimeInForce,
  toUnits,
} from "@baton/brokerage";
import { z } from "zod";

import { assetOf, type Market } from "./alpaca-market.ts";
import type { AccountBook } from "./book.ts";
import { valueOf } from "./holding.ts";

/** An order as Alpaca takes it; keys that aren't used here are ignored. */
export const AlpacaNewOrder = z.looseObject({
  symbol: z.string().min(1).max(40),
  qty: Decimal.optional(),
  notional: Decimal.optional(),
  side: Side,
  type: OrderType,
  time_in_force: TimeInForce,
  limit_price: Decimal.optional(),
  stop_price: Decimal.optional(),
  client_order_id: z.string().min(1).max(128).optional(),
});
export type AlpacaNewOrder = z.infer<typeof AlpacaNewOrder>;

/** A refusal's status and body. */
export interface AlpacaRefusal {
  readonly status: 403 | 404 | 422;
  readonly body: {
    readonly code: number;
    readonly message: string;
    readonly [more: string]: unknown;
  };
}

const ONE = 1_000_000_000n;
const no = (
  status: AlpacaRefusal["status"],
  code: number,
  message: string,
  more: Readonly<Record<string, string>> = {},
): AlpacaRefusal => ({ status, body: { ...more, code, message } });
const forbidden = (message: string, more?: Readonly<Record<string, string>>) =>
  no(403, 40_310_000, message, more);
const wrong = (message: string) => no(422, 42_210_000, message);

/** An order whose terms are whole. */
export type SizedOrder = AlpacaNewOrder & {
  readonly qty: Decimal;
  readonly client_order_id: string;
};

/** Why the order isn't taken; undefined if it is. */
export function alpacaRefuses(
  account: AccountBook,
  order: SizedOrder,
  market: Market,
): AlpacaRefusal | undefined {
  if (account.byClientOrderId.has(order.client_order_id))
    return no(422, 40_010_001, "client_order_id must be unique");
  const asset = assetOf(market, order.symbol);
  if (asset === undefined) return wrong(`asset "${order.symbol}" not found`);
  if (!asset.tradable) return wrong(`asset ${order.symbol} is not tradable`);
  const isFractional = toUnits(order.qty) % ONE !== 0n;
  if (isFractional && !asset.fractionable)
    return forbidden(`asset "${order.symbol}" is not fractionable`);
  if (isFractional && order.time_in_force !== "day")
    return wrong("fractional orders must be DAY orders");
  const open = Array.from(account.open, (id) => account.orders.get(id)).filter(
    (one): one is Order => one?.symbol === order.symbol,
  );
  if (open.some(({ side }) => side !== order.side))
    return forbidden("potential wash trade detected. use complex orders");
  return closes(account, order)
    ? unavailable(account, { order, open })
    : unaffordable(account, { order, isFractional, asset, market });
}

/** True if the order goes against what is held. */
function closes({ holdings }: AccountBook, { symbol, side }: SizedOrder): boolean {
  const held = holdings.get(symbol)?.units ?? 0n;
  return side === "sell" ? held > 0n : held < 0n;
}

function unavailable(
  { holdings }: AccountBook,
  { order, open }: { readonly order: SizedOrder; readonly open: readonly Order[] },
): AlpacaRefusal | undefined {
  const held = holdings.get(order.symbol)?.units ?? 0n;
  const existing = held < 0n ? -held : held;
  const kept = open.reduce((sum, one) => sum + toUnits(one.qty) - toUnits(one.filled_qty), 0n);
  const available = fromUnits(existing - kept);
  if (toUnits(order.qty) <= existing - kept) return undefined;
  return forbidden(
    `insufficient qty available for order (requested: ${order.qty}, available: ${available})`,
    {
      available,
      existing_qty: fromUnits(existing),
      held_for_orders: fromUnits(kept),
      symbol: order.symbol,
    },
  );
}

function unaffordable(
  { holdings }: AccountBook,
  of: {
    readonly order: SizedOrder;
    readonly isFractional: boolean;
    readonly asset: { readonly shortable: boolean };
    readonly market: Market;
  },
): AlpacaRefusal | undefined {
  const { order, isFractional, asset, market } = of;
  if (order.side === "sell" && isFractional) return wrong("fractional orders cannot be sold short");
  if (order.side === "sell" && !asset.shortable)
    return wrong(`asset "${order.symbol}" cannot be sold short`);
  let spent = 0n;
  for (const { units, entry } of holdings.values())
    spent += valueOf(units < 0n ? -units : units, entry);
  const left = toUnits(market.buying_power) - spent;
  const price = order.limit_price ?? market.prices[order.symbol] ?? "0";
  const cost = valueOf(toUnits(order.qty), toUnits(price));
  if (cost <= left) return undefined;
  return forbidden("insufficient buying power", {
    buying_power: fromUnits(left < 0n ? 0n : left),
    cost_basis: fromUnits(cost),
  });
}
