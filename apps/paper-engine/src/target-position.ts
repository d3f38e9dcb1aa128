import {
  type Decimal,
  decimal,
  fromUnits,
  type InstrumentRules,
  type NewOrder,
  orderOf,
  toUnits,
} from "@baton/brokerage";

import type { StrategyVersion } from "./strategy-file.ts";

/** Quantities are cut to a millionth of a unit, so that the last digit of a division never makes an order. */
const QUANTITY_STEPS = 1_000_000;
const UNITS_PER_STEP = 1000n;

/** Where one instrument shall stand. */
export interface TargetPosition {
  readonly instrument: string;
  /** In units of 10^-9; negative is short. */
  readonly units: bigint;
  readonly date: string;
  readonly referencePrice: Decimal;
}

/**
 * The positions that a version wants: weight x share x notional / close, cut towards zero; 0 when it isn't enabled. Throws a
 * RangeError for prices and sizes that no order can hold.
 */
export function targetPositions({ settings, limits }: StrategyVersion): readonly TargetPosition[] {
  return settings.instruments.map(({ instrument, share, signal }) => {
    const notional = limits.enabled ? limits.notional : 0;
    const quantity = (signal.weight * share * notional) / signal.close;
    const units = BigInt(Math.trunc(quantity * QUANTITY_STEPS)) * UNITS_PER_STEP;
    const referencePrice = decimal(signal.close);
    if (toUnits(referencePrice) === 0n)
      throw new RangeError(`${instrument} at ${signal.close}: no order can hold such a price`);
    return { instrument, units, date: signal.date, referencePrice };
  });
}

const ONE = 1_000_000_000n;

/** What of a target the broker lets one hold, cut towards zero; one that it doesn't at all stays, so that people hear of it. */
export function attainable(units: bigint, rules: InstrumentRules): bigint {
  const inParts = units < 0n ? rules.fractionalShort : rules.fractional;
  return inParts ? units : units - (units % ONE);
}

/** The account in which a strategy trades: its own, so that no other strategy's orders mix with it. */
export function accountOf(version: StrategyVersion): string {
  return version.settings.candidateId;
}

/**
 * The order that moves a position by `delta` (units of 10^-9). Its client order id is the decision's hash; the strategy's
 * id in it names the commit, so the same change decided by a later commit is another decision, and after a crash the same
 * one is the same order. `over`: the account's order up to which everything is over; the same change after it is another
 * decision too. `closes`: it only closes a position that the version turns, and another opens the new one.
 */
export function orderFor(
  version: StrategyVersion,
  target: TargetPosition,
  delta: bigint,
  { over, closes = false }: OrderContext = {},
): NewOrder {
  return orderOf(
    {
      strategy_id: [
        version.settings.candidateId,
        version.commit.slice(0, 12),
        ...(over === undefined ? [] : [over]),
        ...(closes ? ["close"] : []),
      ]
        .join(":")
        .slice(0, 128),
      symbol: target.instrument,
      event_ts: `${target.date}T00:00:00.000Z`,
      timeframe: "1D",
      action: delta > 0n ? "buy" : "sell",
      qty: fromUnits(delta > 0n ? delta : -delta),
      order_type: "market",
      time_in_force: "day",
      limit_price: null,
      stop_price: null,
      account_label: accountOf(version),
    },
    target.referencePrice,
  );
}

/** What makes a change of the same size another decision. */
export interface OrderContext {
  readonly over?: string | undefined;
  readonly closes?: boolean;
}

/** What an order does to a position, in units of 10^-9; negative sells. */
export function signedChange({ side, qty }: Pick<NewOrder, "side" | "qty">): bigint {
  return side === "buy" ? toUnits(qty) : -toUnits(qty);
}

/** True if `clientOrderId` is the id that this version gives an order of these terms, after the order `over` if there is one. */
export function isOrderOf(
  version: StrategyVersion,
  target: TargetPosition,
  order: { client_order_id: string; side: "buy" | "sell"; units: bigint },
  context?: OrderContext,
): boolean {
  const delta = order.side === "buy" ? order.units : -order.units;
  return orderFor(version, target, delta, context).client_order_id === order.client_order_id;
}
