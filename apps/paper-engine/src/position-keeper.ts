/**
 * Brings a strategy's account to where its version wants it, and keeps it there. The one place that sends orders.
 *
 * P1: an order is the difference between the target and what the broker itself says is held or open, so nothing needs to
 *     be remembered: after a crash the difference is asked for again.
 * P2: the same difference decided by the same commit is the same client order id; the broker has it once (J8).
 * P3: an order that was accepted and still leaves a difference isn't sent again under another name: people are told.
 * P4: a kill switch stops every order that would increase a position (J7), the broker's and the mesh's; the latter is
 *     asked in the moment of sending, and while nobody knows it, it counts as engaged. What only takes away passes.
 */
import {
  type Broker,
  KILL_SWITCH_CODE,
  type NewOrder,
  submitOnce,
  toUnits,
} from "@baton/brokerage";
import type { EngineOrder } from "@baton/contracts";

import type { StrategyVersion } from "./strategy-file.ts";
import { isOrderOf, orderFor, type TargetPosition, targetPositions } from "./target-position.ts";

/** Where an account stands against its version. */
export interface Standing {
  readonly settled: boolean;
  readonly positions: readonly { instrument: string; target: bigint; held: bigint }[];
  /** The orders that this version has brought about or tried. */
  readonly orders: readonly EngineOrder[];
  readonly problem: string | null;
}

/** What is held, and what is on its way. */
interface Holdings {
  readonly held: ReadonlyMap<string, bigint>;
  readonly open: ReadonlyMap<string, bigint>;
}

async function holdings(broker: Broker): Promise<Holdings> {
  const [positions, openOrders] = await Promise.all([
    broker.positions(),
    broker.listOrders({ status: "open" }),
  ]);
  const open = new Map<string, bigint>();
  for (const { symbol, side, qty, filled_qty: filled } of openOrders) {
    const rest = toUnits(qty) - toUnits(filled);
    open.set(symbol, (open.get(symbol) ?? 0n) + (side === "buy" ? rest : -rest));
  }
  return { held: new Map(positions.map(({ symbol, qty }) => [symbol, toUnits(qty)])), open };
}

/** Orders in the account that are this version's: known by their id alone, so a restarted engine finds them. */
async function ordersOf(broker: Broker, version: StrategyVersion): Promise<EngineOrder[]> {
  const targets = new Map(targetPositions(version).map((target) => [target.instrument, target]));
  const orders = await broker.listOrders({ status: "all" });
  return orders.flatMap((order): EngineOrder[] => {
    const target = targets.get(order.symbol);
    const mine = target && isOrderOf(version, target, { ...order, units: toUnits(order.qty) });
    return mine === true ? [engineOrder(order, "accepted", null)] : [];
  });
}

function engineOrder(
  order: Pick<NewOrder, "client_order_id" | "symbol" | "side" | "qty">,
  state: EngineOrder["state"],
  message: string | null,
): EngineOrder {
  return {
    clientOrderId: order.client_order_id,
    instrument: order.symbol,
    side: order.side,
    quantity: order.qty,
    state,
    message,
  };
}

const ENGAGED = "a kill switch is engaged";

const size = (units: bigint) => (units < 0n ? -units : units);

/** True if the change only takes away from what is held. */
function reduces(held: bigint, delta: bigint): boolean {
  return held !== 0n && held > 0n !== delta > 0n && size(delta) <= size(held);
}

/** Code of an order that the mesh's controls kept from being sent. */
const STOPPED_CODE = "E_STOPPED";

/** The broker, with `stop` asked in the same turn in which an order leaves. */
function stoppable(broker: Broker, stop: OrderStop): Pick<Broker, "submit" | "byClientOrderId"> {
  return {
    byClientOrderId: (id) => broker.byClientOrderId(id),
    async submit(order) {
      const message = stop();
      if (message === null) return broker.submit(order);
      return { kind: "rejected", status: 403, code: STOPPED_CODE, message };
    },
  };
}

async function send(
  broker: Pick<Broker, "submit" | "byClientOrderId">,
  order: NewOrder,
  signal: AbortSignal,
): Promise<EngineOrder> {
  const outcome = await submitOnce(broker, order, { signal });
  switch (outcome.kind) {
    case "submitted":
    case "existing":
      return engineOrder(order, "accepted", null);
    case "mismatch":
      return engineOrder(
        order,
        "refused",
        `E_BROKER_MISMATCH: the broker has other terms under this id: ${outcome.differs.join(", ")}`,
      );
    case "rejected": {
      if (outcome.code === STOPPED_CODE) return engineOrder(order, "blocked", outcome.message);
      // Engaged between our look and the order: it may go once the switch is released.
      const state = outcome.code === String(KILL_SWITCH_CODE) ? "blocked" : "refused";
      return engineOrder(order, state, `${outcome.code}: ${outcome.message}`);
    }
    case "unknown":
      return engineOrder(order, "unknown", outcome.message);
  }
}

/** Keeps one account at one version; made anew for each version. */
export interface PositionKeeper {
  /** Looks, and sends what is missing. Throws a BrokerError if the broker can't be asked. */
  keep(): Promise<Standing>;
}

/** Why no order may increase a position at the moment; null if it may. Answers at once. */
export type OrderStop = () => string | null;

/** What a keeper works with. */
export interface PositionKeeperParts {
  readonly version: StrategyVersion;
  /** The account of the strategy. */
  readonly broker: Broker;
  readonly stop: OrderStop;
  readonly signal: AbortSignal;
}

/** A keeper for the version in its account. */
export function createPositionKeeper(parts: PositionKeeperParts): PositionKeeper {
  const { version, broker, stop, signal } = parts;
  const targets = targetPositions(version);
  let orders: Map<string, EngineOrder> | undefined;

  async function move(target: TargetPosition, held: bigint, delta: bigint): Promise<void> {
    const order = orderFor(version, target, delta);
    const id = order.client_order_id;
    const before = orders?.get(id)?.state;
    // P3; a refusal is an answer too.
    if (before === "accepted" || before === "refused") return;
    orders?.set(id, await (reduces(held, delta) ? send(broker, order, signal) : increase(order)));
  }

  async function increase(order: NewOrder): Promise<EngineOrder> {
    const reason = stop() ?? ((await broker.killSwitch.get()).engaged ? ENGAGED : null);
    if (reason !== null) return engineOrder(order, "blocked", reason);
    return send(stoppable(broker, stop), order, signal);
  }

  function standing({ held, open }: Holdings): Standing {
    const positions = targets.map(({ instrument, units }) => ({
      instrument,
      target: units,
      held: held.get(instrument) ?? 0n,
    }));
    const settled = positions.every((of) => of.held === of.target) && sum(open) === 0n;
    const all = [...(orders?.values() ?? [])];
    return { settled, positions, orders: all, problem: settled ? null : problemOf(all) };
  }

  return {
    async keep() {
      orders ??= new Map(
        (await ordersOf(broker, version)).map((order) => [order.clientOrderId, order]),
      );
      const before = await holdings(broker);
      let moved = false;
      for (const target of targets) {
        const held = before.held.get(target.instrument) ?? 0n;
        const delta = target.units - held - (before.open.get(target.instrument) ?? 0n);
        if (delta === 0n) continue;
        await move(target, held, delta);
        moved = true;
      }
      return standing(moved ? await holdings(broker) : before);
    },
  };
}

function sum(units: ReadonlyMap<string, bigint>): bigint {
  return [...units.values()].reduce((total, of) => total + size(of), 0n);
}

function problemOf(orders: readonly EngineOrder[]): string {
  const open = orders.find(({ state }) => state !== "accepted");
  if (open !== undefined)
    return `order ${open.clientOrderId.slice(0, 12)} for ${open.quantity} ${open.instrument} is ${open.state}: ${open.message}`;
  return orders.length === 0
    ? "the position isn't there yet"
    : "E_POSITION_MISMATCH: every order was accepted, but the position isn't the target; someone else trades in this account";
}
