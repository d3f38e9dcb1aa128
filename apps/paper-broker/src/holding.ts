import { fromUnits, type NewOrder, type Position, toUnits } from "@baton/brokerage";

const ONE = 1_000_000_000n;
const magnitude = (units: bigint): bigint => (units < 0n ? -units : units);

/** What an account holds of one instrument, in units of 10^-9; negative when short. */
export interface Holding {
  readonly units: bigint;
  /** Average price of entry in units of 10^-9. */
  readonly entry: bigint;
}

/** A quantity with its direction, in units of 10^-9. */
export function signedUnits(order: Pick<NewOrder, "side" | "qty">): bigint {
  return order.side === "buy" ? toUnits(order.qty) : -toUnits(order.qty);
}

/** The holding after `change` was traded at `price`; undefined if nothing is left. */
export function traded(
  held: Holding | undefined,
  change: bigint,
  price: bigint,
): Holding | undefined {
  const before = held ?? { units: 0n, entry: 0n };
  const units = before.units + change;
  if (units === 0n) return undefined;
  const grows = before.units === 0n || before.units > 0n === change > 0n;
  if (grows) {
    const paid = magnitude(before.units) * before.entry + magnitude(change) * price;
    return { units, entry: paid / magnitude(units) };
  }
  const turned = units > 0n !== before.units > 0n;
  return { units, entry: turned ? price : before.entry };
}

/** Value of `units` at `price`, rounded towards zero to 10^-9. */
export function valueOf(units: bigint, price: bigint): bigint {
  return (units * price) / ONE;
}

/** True if an order of `change`, after open orders of `pending` in its direction, only brings `held` nearer to nothing. */
export function reduces(held: Holding | undefined, change: bigint, pending: bigint): boolean {
  if (!held || held.units > 0n === change > 0n) return false;
  return magnitude(change) + magnitude(pending) <= magnitude(held.units);
}

/** A holding as the broker shows it. */
export function toPosition(symbol: string, { units, entry }: Holding): Position {
  const side = units < 0n ? "short" : "long";
  return { symbol, qty: fromUnits(units), side, avg_entry_price: fromUnits(entry) };
}
