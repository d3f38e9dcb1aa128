/** Engages the mesh's kill switch and shows with orders of its own what it stops and what it lets through. */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { type Broker, type BrokerPlace, createBroker } from "@baton/brokerage";
import { meshDirectory } from "@baton/client";

import { ON_CALL, refusalOf, REVIEWERS, type Stage, sendToMesh } from "./acts.ts";

/** What was seen. */
export interface SwitchProbe {
  /** Milliseconds from the receipt to the first order that was refused; null if none was. */
  readonly orderStoppedAfterMs: number | null;
  /** What became of an order that made the position smaller while the switch was engaged. */
  readonly reducingOrder: string;
  /** Code by which a promotion was refused; undefined if it wasn't. */
  readonly promotion: string | undefined;
  /** True if the switch was still engaged after one person had asked for its release. */
  readonly tookTwo: boolean;
  /** What became of an order after the release by two. */
  readonly orderAfter: string;
}

const ACCOUNT = "dry-run-probe";
const LOOK_AGAIN_MS = 20;
const WITHIN_MS = 10_000;

/** Runs the probe; when it is over the switch is released and the probe's account is empty. */
export async function probeKillSwitch(
  stage: Stage,
  { promote }: { promote: () => Promise<unknown> },
): Promise<SwitchProbe> {
  const { addresses, dataDir } = stage.mesh.state();
  const token = readFileSync(meshDirectory(dataDir).brokerTokenOf("operator"), "utf8").trim();
  const orders = openOrders({ url: addresses["paper-broker"] ?? "", token });
  await orders.send("buy", "2");
  await sendToMesh(stage, ON_CALL, { type: "kill-switch" });
  stage.tell("trend", `kill switch engaged by ${ON_CALL}`);
  const engagedAt = performance.now();
  const orderStoppedAfterMs = await orders.untilRefused(engagedAt, stage.signal);
  const reducingOrder = await orders.send("sell", "1");
  const promotion = await refusalOf(promote());
  stage.tell(
    "trend",
    `an order is refused after ${Math.round(orderStoppedAfterMs ?? 0)} ms, one that reduces is ${reducingOrder}, the promotion is refused (${promotion ?? "it isn't!"})`,
  );
  const [first, second] = REVIEWERS;
  await sendToMesh(stage, first, { type: "release-kill-switch" });
  const tookTwo = (await orders.send("buy", "1")).startsWith("refused");
  await sendToMesh(stage, second, { type: "release-kill-switch" });
  stage.tell("trend", `kill switch released by ${first} and ${second}`);
  const orderAfter = await orders.untilAccepted(stage.signal);
  await orders.close();
  return { orderStoppedAfterMs, reducingOrder, promotion, tookTwo, orderAfter };
}

/** Orders of an account that belongs to the probe alone. */
function openOrders(place: BrokerPlace) {
  const broker: Broker = createBroker({ ...place, account: ACCOUNT });
  let count = 0;
  const send = async (side: "buy" | "sell", qty: string): Promise<string> => {
    count += 1;
    const outcome = await broker.submit({
      client_order_id: `${ACCOUNT}-${count}`,
      symbol: "NDX",
      qty,
      side,
      type: "market",
      time_in_force: "day",
      reference_price: "100",
    });
    if (outcome.kind === "submitted") return "accepted";
    return outcome.kind === "rejected" ? `refused (${outcome.code})` : outcome.kind;
  };
  const again = async <T>(
    signal: AbortSignal,
    look: () => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    const until = performance.now() + WITHIN_MS;
    while (performance.now() < until) {
      const seen = await look();
      if (seen !== undefined) return seen;
      await delay(LOOK_AGAIN_MS, undefined, { signal });
    }
    return undefined;
  };
  return {
    send,
    untilRefused: async (sinceMs: number, signal: AbortSignal): Promise<number | null> => {
      const refusedAfter = await again(signal, async () =>
        (await send("buy", "1")).startsWith("refused") ? performance.now() - sinceMs : undefined,
      );
      return refusedAfter ?? null;
    },
    untilAccepted: async (signal: AbortSignal): Promise<string> => {
      const accepted = await again(signal, async () => {
        const outcome = await send("buy", "1");
        return outcome === "accepted" ? outcome : undefined;
      });
      return accepted ?? "refused";
    },
    close: async (): Promise<void> => {
      const [position] = await broker.positions();
      if (position) await send("sell", position.qty);
    },
  };
}
