import { type Broker, toUnits } from "@baton/brokerage";

/** What an account holds and what is on its way, in units of 10^-9; negative is short, or being sold. */
export interface Holdings {
  readonly held: ReadonlyMap<string, bigint>;
  /** Of Baton's orders. */
  readonly open: ReadonlyMap<string, bigint>;
  /** Instruments that somebody else has an open order for: whether it is filled is theirs to know. */
  readonly others: ReadonlySet<string>;
  /** Average price of entry by instrument, as the broker gives it. */
  readonly entry: ReadonlyMap<string, string>;
}

/** Asks the broker. Throws a BrokerError. */
export async function holdingsOf(broker: Broker): Promise<Holdings> {
  const [positions, openOrders] = await Promise.all([
    broker.positions(),
    broker.listOrders({ status: "open" }),
  ]);
  const open = new Map<string, bigint>();
  const others = new Set<string>();
  for (const { symbol, side, qty, filled_qty: filled, client_order_id: id } of openOrders) {
    if (!isDecision(id)) {
      others.add(symbol);
      continue;
    }
    const rest = toUnits(qty) - toUnits(filled);
    open.set(symbol, (open.get(symbol) ?? 0n) + (side === "buy" ? rest : -rest));
  }
  return {
    held: new Map(positions.map(({ symbol, qty }) => [symbol, toUnits(qty)])),
    open,
    others,
    entry: new Map(positions.map(({ symbol, avg_entry_price: price }) => [symbol, price])),
  };
}

/** True if `clientOrderId` has the form of a decision's hash: an order that Baton sent, not a person. */
export function isDecision(clientOrderId: string): boolean {
  return /^[0-9a-f]{64}$/.test(clientOrderId);
}
