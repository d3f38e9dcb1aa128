/** One order on its way to the broker, and what became of it. */
import type { EngineOrder } from "@baton/artifacts";
import {
  ACCOUNT_STATE_CODE,
  type Broker,
  KILL_SWITCH_CODE,
  LIMIT_CODE,
  type NewOrder,
  NOT_ALLOWED_CODE,
  NOT_AUTHENTICATED_CODE,
  NOT_SENT_CODE,
  submitOnce,
} from "@baton/brokerage";

/** Why no order may increase a position at the moment; null if it may. Answers at once. */
export type OrderStop = () => string | null;

/** Code of an order that the mesh's controls kept from being sent. */
const STOPPED_CODE = "E_STOPPED";

/** Not about the order: a switch that was engaged between our look and the order, a token that isn't known yet, or the account's state. */
const MAY_GO_LATER: ReadonlySet<string> = new Set(
  [
    KILL_SWITCH_CODE,
    NOT_AUTHENTICATED_CODE,
    NOT_ALLOWED_CODE,
    ACCOUNT_STATE_CODE,
    NOT_SENT_CODE,
  ].map(String),
);

/** The order as the engine's status shows it. */
export function engineOrder(
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

/** The broker, with `stop` asked in the same turn in which an order leaves. */
export function stoppable(
  broker: Broker,
  stop: OrderStop,
): Pick<Broker, "submit" | "byClientOrderId"> {
  return {
    byClientOrderId: (id) => broker.byClientOrderId(id),
    async submit(order) {
      const message = stop();
      if (message === null) return broker.submit(order);
      return { kind: "rejected", status: 403, code: STOPPED_CODE, message };
    },
  };
}

/** Sends it at most once, ever. `blocked`: it may go later, when a switch is released or a limit allows it. */
export async function send(
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
      const { code, message } = outcome;
      if (code === STOPPED_CODE) return engineOrder(order, "blocked", message);
      if (code === String(LIMIT_CODE)) return engineOrder(order, "blocked", `E_LIMIT: ${message}`);
      const state = MAY_GO_LATER.has(code) ? "blocked" : "refused";
      return engineOrder(order, state, `${code}: ${message}`);
    }
    case "unknown":
      return engineOrder(order, "unknown", outcome.message);
  }
}

/** True if the account's limits keep it back. */
export function isOverLimit({ state, message }: EngineOrder): boolean {
  return state === "blocked" && message?.startsWith("E_LIMIT") === true;
}
