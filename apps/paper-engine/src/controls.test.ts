/** The mesh's controls and the engine, all of them as real processes. */
import { createBroker } from "@baton/brokerage";
import { AS_READER, BROKER_TOKENS, eventually } from "@baton/testkit";
import { expect, onTestFinished, test, vi } from "vitest";

import {
  blocked,
  controlledPlace,
  type ControlledPlace,
  type LedgerEvent,
  muteSwitch,
} from "./testing/controlled-place.ts";

// Several generations of real processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 120_000 });

const engage = { type: "kill-switch", by: "ann", why: "orders look odd" } as const;
const KILL_SWITCH = /kill switch is engaged since .* by ann: orders look odd/;
const UNKNOWN = /nobody knows whether the mesh's kill switch is engaged/;

async function releaseByTwo({ control }: ControlledPlace): Promise<void> {
  await control({ type: "release-kill-switch", by: "ann" });
  await control({ type: "release-kill-switch", by: "ben" });
}

const untilEngaged = ({ hold }: ControlledPlace) =>
  eventually(async () => (await hold()).engaged, {
    what: "the broker's switch is engaged too",
    withinMs: 15_000,
  });

const readiness = async (engine: ReturnType<ControlledPlace["engine"]>) =>
  (await fetch(`${await engine.listening()}/readyz`, AS_READER)).text();

const isBuy = ({ type, order }: LedgerEvent) => type === "order" && order?.side === "buy";
const ordersOf = (place: ControlledPlace, side: string) =>
  place.ledger().filter(({ order }) => order?.side === side).length;

test("J7: once the engine has seen an engaged kill switch no order increases a position, closes pass, and two people end it", async () => {
  const place = await controlledPlace();
  const engine = place.engine();
  let wanted = 1;
  const raising = setInterval(() => place.want((wanted += 1)), 100);
  onTestFinished(() => clearInterval(raising));
  await eventually(() => ordersOf(place, "buy") >= 5, { what: "orders go out", withinMs: 30_000 });
  const before = Date.now();
  const { sequence } = await place.control(engage);
  const seen = await eventually(
    async () => (await engine.status()).controls?.sequence === sequence && Date.now(),
    { what: "the engine has seen it", everyMs: 5, withinMs: 15_000 },
  );
  await engine.until("the next one is blocked", blocked(KILL_SWITCH));
  await untilEngaged(place);
  const bought = ordersOf(place, "buy");
  const atMost = wanted;
  await eventually(() => wanted > atMost + 10, {
    what: "more was wanted meanwhile",
    withinMs: 30_000,
  });
  clearInterval(raising);
  const events = place.ledger();
  const last = Date.parse(events.findLast(isBuy)?.at ?? "");
  process.stdout.write(
    `kill switch stored: last increasing order after ${last - before} ms, seen after ${seen - before} ms\n`,
  );
  expect(last).toBeLessThanOrEqual(seen);
  const engaged = events.findIndex(({ type }) => type === "engage");
  expect(events[engaged]).toMatchObject({ scope: "mesh", account: null });
  expect(events.slice(engaged).some(isBuy)).toBe(false);
  expect(ordersOf(place, "buy")).toBe(bought);

  place.want(1);
  await engine.until("it is closed down to 1", ({ settled }) => settled);
  expect(await place.held()).toBe("1");
  place.want(3);
  await engine.until("more is blocked", blocked(KILL_SWITCH));
  await place.control({ type: "release-kill-switch", by: "ann" });
  await engine.until("one person isn't enough", blocked(KILL_SWITCH));
  await place.control({ type: "release-kill-switch", by: "ben" });
  await engine.until("it goes on", ({ settled }) => settled);
  expect(await place.held()).toBe("3");
  expect(await place.hold()).toEqual({ engaged: false });
});

test("J7: an engine that is killed and started again while it's engaged keeps to it; released meanwhile, it releases the broker's", async () => {
  const place = await controlledPlace();
  const first = place.engine();
  place.want(1);
  await first.until("it holds 1", ({ settled }) => settled);
  await place.control(engage);
  await untilEngaged(place);
  await first.sigkill();
  place.want(2);
  const second = place.engine();
  await second.until("it is blocked", blocked(KILL_SWITCH));
  await second.sigkill();
  await releaseByTwo(place);
  expect(await place.hold()).toMatchObject({ engaged: true });
  const third = place.engine();
  await third.until("it goes on", ({ settled }) => settled);
  expect(await place.held()).toBe("2");
});

test("a switch that a person engaged at the broker stays when the mesh's is released", async () => {
  const place = await controlledPlace();
  const engine = place.engine();
  place.want(1);
  await engine.until("it holds 1", ({ settled }) => settled);
  await place.control(engage);
  await untilEngaged(place);
  await place.account.killSwitch.engage({ scope: "all", by: "cat", reason: "mine" });
  await releaseByTwo(place);
  place.want(2);
  const stop = async () => (await engine.status()).controls;
  await eventually(async () => (await stop())?.stop === null, {
    what: "the mesh's is released",
    withinMs: 15_000,
  });
  await engine.until("the broker's blocks it", blocked(/a kill switch is engaged/));
  expect(await stop()).toMatchObject({ brokerSwitch: "engaged by others" });
  expect(await place.switchOfAll()).toMatchObject({ engaged: true, by: "cat" });
});

test("J7: nobody but the engine ends the mesh's hold at the broker, not for one order either", async () => {
  const place = await controlledPlace();
  const engine = place.engine();
  place.want(1);
  await engine.until("it holds 1", ({ settled }) => settled);
  await place.control(engage);
  await untilEngaged(place);
  await engine.sigkill();
  const change = JSON.stringify({ scope: "mesh", by: "mesh kill switch", reason: "mine" });
  const release = (authorization: Record<string, string>) =>
    fetch(`${place.brokerUrl}/v2/kill-switch`, {
      method: "DELETE",
      headers: { "content-type": "application/json", ...authorization },
      body: change,
    });
  expect((await release({})).status).toBe(401);
  for (const token of [BROKER_TOKENS.operator, BROKER_TOKENS.laneE, BROKER_TOKENS.laneF])
    expect((await release({ authorization: `Bearer ${token}` })).status).toBe(403);
  // A person's own switch comes and goes beside it.
  const { killSwitch } = place.account;
  await killSwitch.engage({ scope: "all", by: "cat", reason: "mine" });
  await killSwitch.release({ scope: "all", by: "cat", reason: "over" });
  expect(await place.hold()).toMatchObject({ engaged: true });
  const { url, token } = { url: place.brokerUrl, token: BROKER_TOKENS.engine };
  const buying = await createBroker({ url, token, account: "another" }).submit({
    client_order_id: "more",
    symbol: "SPX",
    qty: "1",
    side: "buy",
    type: "market",
    time_in_force: "day",
    reference_price: "100",
  });
  expect(buying).toMatchObject({ kind: "rejected", status: 403 });
});

test("while the server is away nothing is increased, closes pass, and it goes on when it's back", async () => {
  const place = await controlledPlace();
  const engine = place.engine();
  place.want(5);
  await engine.until("it holds 5", ({ settled }) => settled);
  await place.nats.kill9();
  await eventually(async () => UNKNOWN.test((await engine.status()).controls?.stop ?? ""), {
    what: "nothing is known",
    withinMs: 15_000,
  });
  place.want(7);
  await engine.until("it is blocked", blocked(UNKNOWN));
  expect((await fetch(`${await engine.listening()}/readyz`)).status).toBe(503);
  place.want(2);
  await engine.until("it is closed down to 2", ({ settled }) => settled);
  place.want(9);
  const late = place.engine();
  await late.until("one that starts meanwhile is blocked too", blocked(UNKNOWN));
  await late.sigkill();
  expect(ordersOf(place, "buy")).toBe(1);
  expect(await place.hold()).toEqual({ engaged: false });
  await place.nats.restart();
  await engine.until("it goes on", ({ settled, notional }) => settled && notional === 900);
  expect(await place.held()).toBe("9");
});

test("J7: killed after the mesh's switch was engaged and before the broker's was, the next engine engages it", async () => {
  const place = await controlledPlace();
  const { url, held } = await muteSwitch(place.brokerUrl);
  const first = place.engine({ BATON_BROKER_URL: url });
  place.want(1);
  await first.until("it holds 1", ({ settled }) => settled);
  await place.control(engage);
  await held;
  await eventually(async () => /"broker".*isn't carried to it/.test(await readiness(first)), {
    what: "it says that the broker's switch isn't kept",
    withinMs: 15_000,
  });
  await first.sigkill();
  expect(await place.hold()).toEqual({ engaged: false });
  place.want(2);
  const second = place.engine();
  await second.until("it is blocked", blocked(KILL_SWITCH));
  await untilEngaged(place);
  expect(place.ledger().filter(isBuy)).toHaveLength(1);
});
