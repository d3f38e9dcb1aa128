import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { createBroker, KILL_SWITCH_CODE, submitOnce } from "@baton/brokerage";
import {
  BROKER_TOKENS,
  BROKER_TOKENS_ENV,
  eventually,
  type SpawnedService,
  spawnService,
} from "@baton/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";

import { order, restingOrder } from "./testing/order.ts";

const token = BROKER_TOKENS.operator;
let directory = "";
const running: SpawnedService[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "broker-"));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.sigkill()));
  rmSync(directory, { recursive: true });
});

/** A real broker in a process of its own, on the test's directory. */
async function start(
  options: { port?: number; faults?: boolean } = {},
): Promise<SpawnedService & { readonly url: string }> {
  const service = spawnService("apps/paper-broker/src/main.ts", {
    ...BROKER_TOKENS_ENV,
    BATON_BROKER_DIR: directory,
    BATON_BROKER_FAULTS: options.faults ? "1" : "0",
    BATON_HTTP_PORT: String(options.port ?? 0),
    BATON_TRACES_PER_SECOND: "0",
  });
  running.push(service);
  return { ...service, url: await service.ready() };
}
const portOf = (url: string) => Number(new URL(url).port);

async function plan(url: string, fault: string, times = 1): Promise<void> {
  const answer = await fetch(`${url}/admin/faults`, {
    method: "PUT",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ fault, times }),
  });
  expect(answer.status).toBe(200);
}

test("J8: with the broker killed again and again, every intent becomes exactly one order", async () => {
  const first = await start();
  const port = portOf(first.url);
  const broker = createBroker({ token, url: first.url, timeoutMs: 2000 });
  const intents = Array.from({ length: 60 }, (_, n) => order({ client_order_id: `intent-${n}` }));
  const acknowledged = new Set<string>();

  async function carryOut(wanted: (typeof intents)[number]): Promise<void> {
    for (let call = 0; call < 300; call += 1) {
      const outcome = await submitOnce(broker, wanted, { maxLookups: 2, initialDelayMs: 10 });
      if (outcome.kind === "submitted" || outcome.kind === "existing") {
        acknowledged.add(outcome.order.id);
        return;
      }
      expect(outcome.kind).toBe("unknown");
      await sleep(10);
    }
    throw new Error(`${wanted.client_order_id} never ended`);
  }
  // Two callers compete for every intent, as after a redelivery whose first attempt still runs.
  const lanes = [0, 1, 2, 3].map(async (lane) => {
    for (const [n, wanted] of intents.entries()) if (n % 2 === lane % 2) await carryOut(wanted);
  });
  let current = first;
  for (const threshold of [10, 35]) {
    const what = `${threshold} acknowledged orders`;
    await eventually(() => acknowledged.size >= threshold, { what, everyMs: 1, withinMs: 20_000 });
    await current.sigkill();
    current = await start({ port });
  }
  await Promise.all(lanes);

  const orders = await broker.listOrders();
  expect(orders.map((each) => each.client_order_id).toSorted()).toEqual(
    intents.map((each) => each.client_order_id).toSorted(),
  );
  expect(new Set(orders.map(({ id }) => id))).toEqual(acknowledged);
  expect(await broker.positions()).toMatchObject([{ symbol: "SPX", qty: "60" }]);
}, 30_000);

test("J8: killed between storing and answering, the order is there after the restart", async () => {
  const first = await start({ faults: true });
  await plan(first.url, "stored-silent");
  const broker = createBroker({ token, url: first.url, timeoutMs: 5000 });
  const sent = broker.submit(order());
  await eventually(() => broker.byClientOrderId("order-1"), { what: "the stored order" });
  await first.sigkill();
  expect((await sent).kind).toBe("ambiguous");

  await start({ port: portOf(first.url) });
  expect((await submitOnce(broker, order())).kind).toBe("existing");
  expect((await submitOnce(broker, order({ qty: "2" }))).kind).toBe("mismatch");
  expect(await broker.listOrders()).toHaveLength(1);
});

test("ambiguous outcomes are resolved by looking, and an order that was lost is not sent again at once", async () => {
  const { url } = await start({ faults: true });
  const broker = createBroker({ token, url, timeoutMs: 1500 });
  const quick = { maxLookups: 3, initialDelayMs: 5 };
  const once = async (fault: string, id: string) => {
    await plan(url, fault);
    const outcome = await submitOnce(broker, order({ client_order_id: id }), quick);
    return `${outcome.kind} after ${outcome.lookups}`;
  };
  expect(await once("stored-504", "a")).toBe("submitted after 2");
  expect(await once("stored-silent", "b")).toBe("submitted after 2");
  expect(await once("lost-504", "c")).toBe("unknown after 4");
  expect(await once("lost-silent", "d")).toBe("unknown after 4");
  // The look-up before sending fails: nothing is sent.
  expect(await once("lookup-504", "e")).toBe("unknown after 1");
  expect((await broker.listOrders()).map((each) => each.client_order_id)).toEqual(["a", "b"]);
  // A later call finds out first that it isn't there, then sends it.
  expect((await submitOnce(broker, order({ client_order_id: "c" }), quick)).kind).toBe("submitted");
});

test("J7: the kill switch survives a crash, refuses orders and lets cancels and closes pass", async () => {
  const first = await start();
  const broker = createBroker({ token, url: first.url, account: "drill-cand-1" });
  const others = createBroker({ token, url: first.url });
  await broker.submit(order({ client_order_id: "long" }));
  await broker.submit(restingOrder({ client_order_id: "resting" }));
  await broker.killSwitch.engage({
    scope: "account",
    by: "ops",
    reason: "drill",
    cancelOpen: false,
  });
  await first.sigkill();
  await start({ port: portOf(first.url) });

  expect((await broker.killSwitch.get()).account).toMatchObject({ engaged: true, by: "ops" });
  expect((await broker.accountState()).trading_blocked).toBe(true);
  const refused = await broker.submit(order({ client_order_id: "more" }));
  expect(refused).toMatchObject({ kind: "rejected", status: 403, code: String(KILL_SWITCH_CODE) });
  expect((await others.submit(order())).kind).toBe("submitted");
  const close = order({ client_order_id: "close", side: "sell" });
  expect((await broker.submit(close)).kind).toBe("submitted");
  expect(await broker.cancelAll()).toHaveLength(1);
  await broker.killSwitch.release({ scope: "account", by: "ops", reason: "over" });
  expect((await broker.submit(order({ client_order_id: "more" }))).kind).toBe("submitted");
});

test("a torn ledger is repaired with a report, a changed one stops the start with code 3", async () => {
  const first = await start();
  await createBroker({ token, url: first.url }).submit(order());
  await first.sigkill();
  const ledger = join(directory, "ledger.jsonl");
  const whole = readFileSync(ledger, "utf8");
  appendFileSync(ledger, '{"sum":"0123');
  const second = await start();
  expect(second.output()).toContain("torn line");
  expect(await createBroker({ token, url: second.url }).listOrders()).toHaveLength(1);
  expect(await second.sigterm()).toEqual({ code: 0, signal: null });
  writeFileSync(ledger, whole.replace("SPX", "NDX"));
  await expect(start()).rejects.toThrow(/ended with 3.*E_LEDGER_CORRUPT.*line 2/s);
});

test("a second broker on the same directory ends with code 8 and names the first", async () => {
  await start();
  await expect(start()).rejects.toThrow(/ended with 8.*in use.*pid \d+/s);
});
