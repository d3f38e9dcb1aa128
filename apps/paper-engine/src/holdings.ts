import { type Broker, BrokerError, type Order, toUnits } from "@baton/brokerage";

/** What an account holds and what is on its way, in units of 10^-9; negative is short, or being sold. */
export interface Holdings {
  readonly held: ReadonlyMap<string, bigint>;
  /** Of Baton's orders. */
  readonly open: ReadonlyMap<string, bigint>;
  /** Those orders, by instrument. */
  readonly waiting: ReadonlyMap<string, readonly Order[]>;
  /** Instruments that somebody else has an open order for: whether it is filled is theirs to know. */
  readonly others: ReadonlySet<string>;
  /** Average price of entry by instrument, as the broker gives it. */
  readonly entry: ReadonlyMap<string, string>;
}

/** Looks until nothing was filled between its questions. */
const LOOKS = 5;

/**
 * Asks the broker: orders, positions, and orders again, so that what is filled meanwhile counts neither twice nor not at all.
 * Throws a BrokerError.
 */
export async function holdingsOf(broker: Broker): Promise<Holdings> {
  let before = await broker.listOrders({ status: "open" });
  for (let look = 0; look < LOOKS; look += 1) {
    const positions = await broker.positions();
    const after = await broker.listOrders({ status: "open" });
    if (stateOf(before) === stateOf(after)) return holdingsFrom(positions, after);
    before = after;
  }
  throw new BrokerError("orders were filled at each look; it is looked again", undefined);
}

const stateOf = (orders: readonly Order[]): string =>
  orders.map(({ id, filled_qty: filled }) => `${id} ${filled}`).join("\n");

function holdingsFrom(
  positions: Awaited<ReturnType<Broker["positions"]>>,
  openOrders: readonly Order[],
): Holdings {
  const waiting = new Map<string, Order[]>();
  const open = new Map<string, bigint>();
  const others = new Set<string>();
  for (const order of openOrders) {
    const { symbol, side, qty, filled_qty: filled, client_order_id: id } = order;
    if (!isDecision(id)) {
      others.add(symbol);
      continue;
    }
    waiting.set(symbol, [...(waiting.get(symbol) ?? []), order]);
    const rest = toUnits(qty) - toUnits(filled);
    open.set(symbol, (open.get(symbol) ?? 0n) + (side === "buy" ? rest : -rest));
  }
  return {
    held: new Map(positions.map(({ symbol, qty }) => [symbol, toUnits(qty)])),
    open,
    waiting,
    others,
    entry: new Map(positions.map(({ symbol, avg_entry_price: price }) => [symbol, price])),
  };
}

/** True if `clientOrderId` has the form of a decision's hash: an order that Baton sent, not a person. */
export function isDecision(clientOrderId: string): boolean {
  return /^[0-9a-f]{64}$/.test(clientOrderId);
}
