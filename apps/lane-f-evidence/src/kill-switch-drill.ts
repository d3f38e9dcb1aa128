import { randomUUID } from "node:crypto";

import {
  type Broker,
  KILL_SWITCH_CODE,
  type NewOrderInput,
  submitOnce,
  type SubmitOnceOutcome,
} from "@baton/brokerage";
import { StageFailure } from "@baton/lanekit";

import { createDrillRecord, type DrillRecord } from "./drill-record.ts";
import type { World } from "./ports.ts";

const BY = "rollback drill";

/** A drill's record and the account that it was run in. */
export interface KillSwitchDrill {
  readonly record: DrillRecord;
  readonly account: string;
}

/**
 * Engages a kill switch at the real broker, in an account that exists for this drill only, so that nobody's orders are
 * touched: under it a new order must be refused, a close and a cancel must pass; after it orders are taken again.
 * Throws a StageFailure (transient) or a BrokerError if the broker doesn't answer.
 */
export async function drillKillSwitch(world: World): Promise<KillSwitchDrill> {
  const account = `drill-${randomUUID()}`;
  const broker = world.broker(account);
  const record = createDrillRecord("kill-switch");
  try {
    await carryOut(broker, record);
  } finally {
    await broker.killSwitch
      .release({ scope: "account", by: BY, reason: "the drill is over" })
      .catch(() => {});
    await broker.cancelAll().catch(() => {});
  }
  return { record, account };
}

async function carryOut(broker: Broker, record: DrillRecord): Promise<void> {
  const send = (id: string, over: Partial<NewOrderInput> = {}) =>
    sendOrder(broker, record, { client_order_id: id, ...over });
  let resting = "";
  await record.step("send an order that is filled", "filled", () => send("open"));
  await record.step("send an order that stays open", "new", async () => {
    const limit = { type: "limit", limit_price: "1", reference_price: null } as const;
    const seen = await send("resting", limit);
    resting = (await broker.byClientOrderId("resting"))?.id ?? "";
    return seen;
  });
  await record.step("engage the kill switch", "engaged", async () => {
    const reason = "drill before a promotion";
    const change = { scope: "account", by: BY, reason, cancelOpen: false } as const;
    const { account } = await broker.killSwitch.engage(change);
    return account.engaged ? "engaged" : "not engaged";
  });
  await record.step("send a new order under it", "refused by the kill switch", () => send("new"));
  await record.step("close the position under it", "filled", () => send("close", { side: "sell" }));
  await record.step("cancel the open order under it", "cancelled", () => broker.cancel(resting));
  await record.step("release the kill switch", "released", async () => {
    const reason = "the drill is over";
    const { account } = await broker.killSwitch.release({ scope: "account", by: BY, reason });
    return account.engaged ? "still engaged" : "released";
  });
  await record.step("send an order after it", "filled", () => send("after"));
  await record.step("close the position after it", "filled", () => send("end", { side: "sell" }));
  await record.step("look at what is left", "nothing", async () => {
    const [positions, open] = await Promise.all([
      broker.positions(),
      broker.listOrders({ status: "open" }),
    ]);
    return positions.length + open.length === 0
      ? "nothing"
      : `${positions.length} positions, ${open.length} open orders`;
  });
}

async function sendOrder(
  broker: Broker,
  record: DrillRecord,
  order: Partial<NewOrderInput> & { client_order_id: string },
): Promise<string> {
  const outcome = await submitOnce(
    broker,
    {
      symbol: "DRILL",
      qty: "1",
      side: "buy",
      type: "market",
      time_in_force: "day",
      reference_price: "100",
      ...order,
    },
    { maybeSent: false },
  );
  if ("order" in outcome) record.receipt(outcome.order.id);
  return seenOf(outcome);
}

function seenOf(outcome: SubmitOnceOutcome): string {
  switch (outcome.kind) {
    case "submitted":
    case "existing":
      return outcome.order.status;
    case "mismatch":
      return `an order with other terms: ${outcome.differs.join(", ")}`;
    case "rejected":
      return outcome.code === String(KILL_SWITCH_CODE)
        ? "refused by the kill switch"
        : `refused: ${outcome.message}`;
    case "unknown":
      throw new StageFailure({
        class: "transient",
        code: "E_BROKER_UNAVAILABLE",
        message: `nobody knows whether the broker took a drill's order: ${outcome.message}`,
        action: "Check that the broker runs and is ready (`/readyz`); the drill is run again.",
      });
  }
}
