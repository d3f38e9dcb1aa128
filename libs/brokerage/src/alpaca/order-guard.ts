/**
 * What no order at Alpaca gets past, as Alpaca itself doesn't know it: the rules that the paper broker has for its own. Pure.
 *
 * G1: what only takes away from a position passes kill switch, limits and everything else.
 * G2: with all that is open in its direction filled, no order turns a position or takes away more than is held.
 */
import { cut } from "@baton/contracts";

import type { InstrumentRules } from "../broker-port.ts";
import { toUnits } from "../decimal.ts";
import {
  limitBroken,
  type OrderLimits,
  type PositionChange,
  takesAway,
  totalBroken,
  type TotalLimits,
} from "../limits.ts";
import {
  engagedSwitch,
  INSTRUMENT_CODE,
  KILL_SWITCH_CODE,
  type KillSwitch,
  LIMIT_CODE,
  type NewOrder,
  NOT_ALLOWED_CODE,
  type Order,
  type Position,
} from "../order.ts";

const ONE = 1_000_000_000n;
const magnitude = (units: bigint): bigint => (units < 0n ? -units : units);

/** Why an order isn't sent. */
export interface Refused {
  readonly kind: "rejected";
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** What an account holds and has open. */
export interface AccountHoldings {
  readonly positions: readonly Position[];
  readonly open: readonly Order[];
}

const refuse = (status: number, code: number, message: string): Refused => ({
  kind: "rejected",
  status,
  code: String(code),
  message: cut(message, 300),
});

const signed = ({ side, qty }: Pick<NewOrder, "side" | "qty">): bigint =>
  side === "buy" ? toUnits(qty) : -toUnits(qty);

/** The position with all that is open in the order's direction filled, and what the order changes. */
export function changeBy(order: NewOrder, { positions, open }: AccountHoldings): PositionChange {
  const { symbol, side } = order;
  const held = positions.find((one) => one.symbol === symbol)?.qty ?? "0";
  let before = toUnits(held);
  for (const one of open)
    if (one.symbol === symbol && one.side === side)
      before += signed({ side, qty: one.qty }) - signed({ side, qty: one.filled_qty });
  const prices = [order.reference_price, order.limit_price, order.stop_price].flatMap((price) =>
    price === null ? [] : [toUnits(price)],
  );
  const price = prices.toSorted((a, b) => (a < b ? 1 : -1))[0] ?? null;
  return { symbol, held: before, change: signed(order), price };
}

/** True if the order only takes away from what is held, with everything open in its direction filled. */
export function isReducing(order: NewOrder, holdings: AccountHoldings): boolean {
  return takesAway(changeBy(order, holdings));
}

/** What an order that increases a position is held against. */
export interface Increase {
  readonly change: PositionChange;
  readonly rules: InstrumentRules;
  readonly killSwitch: KillSwitch;
  /** Undefined: whoever sends may only take away. */
  readonly limits: { readonly account: OrderLimits; readonly total: TotalLimits } | undefined;
  /** Value of all else in the account, and in all accounts; in units of 10^-9. */
  readonly others: bigint;
  readonly beside: bigint;
  /** Orders taken in the last minute. */
  readonly recent: number;
}

/** Why the order, which increases a position, isn't sent; undefined if it may be. */
export function increaseRefused(
  account: string,
  order: NewOrder,
  of: Increase,
): Refused | undefined {
  const { change, limits } = of;
  if (limits === undefined)
    return refuse(
      403,
      NOT_ALLOWED_CODE,
      `whoever sends this may only take away from what account ${account} holds`,
    );
  const engaged = engagedSwitch(of.killSwitch);
  if (engaged)
    return refuse(
      403,
      KILL_SWITCH_CODE,
      `the kill switch is engaged since ${engaged.since} by ${engaged.by}: ${engaged.reason}`,
    );
  if (change.price === null)
    return refuse(
      403,
      LIMIT_CODE,
      "the order names no price, so it can't be held against the limits",
    );
  const wrong = instrumentRefused(order, of);
  if (wrong !== undefined) return refuse(422, INSTRUMENT_CODE, `${order.symbol}: ${wrong}`);
  const broken =
    limitBroken(limits.account, change, of) ?? totalBroken(limits.total, change, of.beside);
  return broken === undefined ? undefined : refuse(403, LIMIT_CODE, broken);
}

function instrumentRefused(order: NewOrder, { change, rules }: Increase): string | undefined {
  if (!rules.tradable) return "Alpaca has no such asset, or doesn't trade it";
  const after = change.held + change.change;
  if (change.held !== 0n && change.held > 0n !== after > 0n && after !== 0n)
    return "one order can't turn a position; close it first";
  const isWhole = toUnits(order.qty) % ONE === 0n;
  if (after < 0n && !rules.shortable) return "it can't be sold short";
  if (isWhole) return undefined;
  if (!rules.fractional) return "only whole units of it can be bought";
  if (after < 0n && !rules.fractionalShort) return "only whole units can be sold short";
  if (order.time_in_force !== "day") return "parts of a unit are taken for the day only";
  return undefined;
}

/** Orders that would increase a position if all that are open were filled. */
export function riskyOpen({ positions, open }: AccountHoldings): readonly Order[] {
  const kept = new Map<string, bigint>();
  return open.filter((order) => {
    const { symbol, side } = order;
    const held = toUnits(positions.find((one) => one.symbol === symbol)?.qty ?? "0");
    const pending = kept.get(`${symbol} ${side}`) ?? 0n;
    const rest = toUnits(order.qty) - toUnits(order.filled_qty);
    const closes = side === "sell" ? held > 0n : held < 0n;
    // One by value has no quantity before it is filled.
    if (!closes || rest <= 0n || magnitude(held) < pending + rest) return true;
    kept.set(`${symbol} ${side}`, pending + rest);
    return false;
  });
}
