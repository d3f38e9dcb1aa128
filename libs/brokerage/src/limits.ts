/**
 * How much one account may hold and order, whatever its strategy's file asks for. Whoever operates engine and broker sets it;
 * both hold every order against it. What only takes away from a position always passes.
 */
import { z } from "zod";

import { fromUnits, toUnits } from "./decimal.ts";

/** Limits of one account; each is exceeded only by more than it. */
export const OrderLimits = z.strictObject({
  /** Value of everything that is held and open, in account currency. */
  notional: z.number().min(0).max(1e11),
  /** Value of what one order adds to a position, in account currency. */
  orderNotional: z.number().min(0).max(1e11),
  /** Units of one instrument. It needs no price: a strategy's file can't make it smaller by a price of its own. */
  position: z.number().min(0).max(1e11),
  /** Orders in any 60 seconds. */
  ordersPerMinute: z.int().min(0).max(100_000),
});
export type OrderLimits = z.infer<typeof OrderLimits>;

/** What holds where the operator says nothing; only two people together can raise it. */
export const DEFAULT_LIMITS: OrderLimits = {
  notional: 1_000_000,
  orderNotional: 500_000,
  position: 1_000_000,
  ordersPerMinute: 120,
};

/** What all accounts of the mesh may hold together: each strategy has an account of its own, and there may be many. */
export const TotalLimits = z.strictObject({
  /** Value of everything that is held and open in all of them, in account currency. */
  notional: z.number().min(0).max(1e11),
});
export type TotalLimits = z.infer<typeof TotalLimits>;

export const DEFAULT_TOTAL: TotalLimits = { notional: 10_000_000 };

/** A raise that ends soon or is over. */
export interface RaiseEnding {
  /** An account, "*" for all that aren't named, or "total". */
  readonly of: string;
  readonly until: string;
  readonly isOver: boolean;
}

/** The limits of every account, as they are at the moment of asking. */
export interface LimitBook {
  of(this: void, account: string): OrderLimits;
  total(this: void): TotalLimits;
  /** Raises that end within a week, and those that are over. */
  ending(this: void): readonly RaiseEnding[];
}

/** Every account at its default. */
export const DEFAULT_LIMIT_BOOK: LimitBook = {
  of: () => DEFAULT_LIMITS,
  total: () => DEFAULT_TOTAL,
  ending: () => [],
};

/** Of each limit the lower one. */
export function lowerOf<L extends Readonly<Record<string, number>>>(base: L, limits: L): L {
  const names: (keyof L)[] = Object.keys(base);
  return Object.assign(
    {},
    base,
    ...names.map((name) => ({ [name]: Math.min(base[name] ?? 0, limits[name] ?? 0) })),
  );
}

/** Names of the limits that `limits` has above `base`. */
export function raisedOver<L extends Readonly<Record<string, number>>>(
  base: L,
  limits: L,
): (keyof L & string)[] {
  return Object.keys(base).filter((name) => (limits[name] ?? 0) > (base[name] ?? 0));
}

/** A position as an order would change it; quantities and prices in units of 10^-9. */
export interface PositionChange {
  readonly symbol: string;
  readonly held: bigint;
  readonly change: bigint;
  /** The highest price that the order names; null if it names none, as it's never filled then. */
  readonly price: bigint | null;
}

const ONE = 1_000_000_000n;
const magnitude = (units: bigint): bigint => (units < 0n ? -units : units);
const value = (units: bigint, price: bigint): bigint => (magnitude(units) * price) / ONE;

/** A limit in units of 10^-9; twelve digits before the point are what a decimal holds. */
function limitUnits(limit: number): bigint {
  return toUnits(limit.toFixed(9));
}

/** True if the change only takes away from what is held. */
export function takesAway({ held, change }: Pick<PositionChange, "held" | "change">): boolean {
  return held !== 0n && held > 0n !== change > 0n && magnitude(change) <= magnitude(held);
}

/** Whether all accounts together would hold too much, as a sentence; undefined if not. Values in units of 10^-9. */
export function totalBroken(
  total: TotalLimits,
  change: PositionChange,
  others: bigint,
): string | undefined {
  if (takesAway(change) || change.price === null) return undefined;
  const would = value(change.held + change.change, change.price) + others;
  if (would <= limitUnits(total.notional)) return undefined;
  return `over the limit total ${total.notional} of all accounts together: ${fromUnits(would)} would be held`;
}

/**
 * Which limit the change would break, as a sentence; undefined if none. `others` is the value of all else in the account in
 * units of 10^-9, `recent` how many orders it took in the last minute.
 */
export function limitBroken(
  limits: OrderLimits,
  change: PositionChange,
  account: { readonly others: bigint; readonly recent: number },
): string | undefined {
  if (takesAway(change)) return undefined;
  const { symbol, held, price } = change;
  const after = held + change.change;
  const says = (name: keyof OrderLimits, would: string) =>
    `over the limit ${name} ${limits[name]} of this account: ${would}`;
  if (account.recent >= limits.ordersPerMinute)
    return says("ordersPerMinute", `${account.recent} orders in the last minute`);
  if (magnitude(after) > limitUnits(limits.position))
    return says("position", `${fromUnits(after)} ${symbol} would be held`);
  if (price === null) return undefined;
  const turns = held !== 0n && held > 0n !== after > 0n;
  const added = magnitude(after) - (turns ? 0n : magnitude(held));
  if (value(added, price) > limitUnits(limits.orderNotional))
    return says("orderNotional", `the order adds ${fromUnits(value(added, price))}`);
  const total = value(after, price) + account.others;
  if (total > limitUnits(limits.notional))
    return says("notional", `${fromUnits(total)} would be held`);
  return undefined;
}
