/**
 * Containment while Git can't be reached, in an emergency that people declared: the account's kill switch, then closes at
 * the broker itself. The engine can't open again what was closed here, as the switch stays until a person releases it.
 *
 * X1: a close only takes away from what the broker says is held; under the switch it refuses any that would turn it.
 * X2: the same close in the same emergency is the same client order id; whatever dies, the broker has it once (J8).
 */
import type { IncidentRecord } from "@baton/artifacts";
import { type Broker, type NewOrder, type Order, orderOf, submitOnce } from "@baton/brokerage";
import { cut, type Emergency } from "@baton/contracts";
import { type StageContext, StageFailure } from "@baton/lanekit";

import type { World } from "./ports.ts";

/** Looks at what is held, each followed by its closes: an engine that still closes by itself may have been faster. */
const ROUNDS = 3;

/** What was done without Git. */
export type EmergencyContainment = NonNullable<IncidentRecord["containment"]["emergency"]>;

/** Closes the candidate's account. Throws a BrokerError, or a StageFailure (transient) if nobody knows what the broker took. */
export async function containDirectly(
  context: StageContext,
  world: World,
  emergency: Emergency,
): Promise<EmergencyContainment> {
  const { candidateId } = context;
  const broker = world.broker(candidateId);
  const { ticket, until } = emergency;
  context.progress(`Git can't be reached: closing the account under ${ticket}`);
  await broker.killSwitch.engage({
    scope: "account",
    by: "incident recovery",
    reason: cut(`emergency under ${ticket} until ${until}: Git can't be reached`, 1000),
  });
  await broker.cancelAll();
  for (let round = 0; round < ROUNDS; round += 1) {
    const held = await broker.positions();
    if (held.length === 0) break;
    for (const position of held) await close(broker, closeOf(position, candidateId, emergency));
  }
  const [orders, left] = await Promise.all([broker.listOrders(), broker.positions()]);
  const ours = orders.filter((one) => isClose(one, candidateId, emergency));
  return {
    ticket,
    until,
    declaredBy: emergency.by,
    closed: ours.map(({ client_order_id: clientOrderId, symbol, side, qty }) => ({
      clientOrderId,
      instrument: symbol,
      side,
      quantity: qty,
    })),
    left: left.map(({ symbol, qty }) => ({ instrument: symbol, quantity: qty })),
  };
}

type Held = Awaited<ReturnType<Broker["positions"]>>[number];

function closeOf(held: Held, candidateId: string, emergency: Emergency): NewOrder {
  const side = held.side === "long" ? "sell" : "buy";
  const quantity = held.qty.replace(/^-/, "");
  return order({ symbol: held.symbol, side, quantity }, candidateId, {
    emergency,
    // Nothing here knows a market; the paper broker fills at the price that it's told.
    price: held.avg_entry_price,
  });
}

function order(
  of: { readonly symbol: string; readonly side: "buy" | "sell"; readonly quantity: string },
  candidateId: string,
  by: { readonly emergency: Emergency; readonly price: string | null },
): NewOrder {
  return orderOf(
    {
      strategy_id: `${candidateId}:emergency`,
      symbol: of.symbol,
      event_ts: by.emergency.time,
      timeframe: "event",
      action: of.side,
      qty: of.quantity,
      order_type: "market",
      time_in_force: "day",
      limit_price: null,
      stop_price: null,
      account_label: candidateId,
    },
    by.price,
  );
}

function isClose(
  { client_order_id: id, symbol, side, qty }: Order,
  candidateId: string,
  emergency: Emergency,
): boolean {
  const same = order({ symbol, side, quantity: qty }, candidateId, { emergency, price: null });
  return same.client_order_id === id;
}

async function close(broker: Broker, wanted: NewOrder): Promise<void> {
  const outcome = await submitOnce(broker, wanted);
  if (outcome.kind !== "unknown") return;
  throw new StageFailure({
    class: "transient",
    code: "E_BROKER_UNAVAILABLE",
    message: `nobody knows whether the broker took the close of ${wanted.qty} ${wanted.symbol}: ${outcome.message}`,
    action: "Check that the broker runs and is ready (`/readyz`); it is looked up and tried again.",
  });
}
