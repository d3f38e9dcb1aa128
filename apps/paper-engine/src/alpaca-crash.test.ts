/** J8 at Alpaca: the engine is killed at each point where it could forget an order. */
import { RunningStrategies } from "@baton/artifacts";
import { AS_READER, eventually, startTestMesh, type TestMesh } from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { rampEntry, toJournal, writeDown } from "./testing/accounting.ts";
import { alpacaPlace, gateTo, type Hold } from "./testing/alpaca-place.ts";
import {
  newCandidate,
  reportedOf,
  settingsOf,
  sharedBroker,
  startEngine,
  strategyFile,
  testFolder,
  testRepository,
} from "./testing/place.ts";

vi.setConfig({ testTimeout: 120_000 });

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await startTestMesh();
});
afterAll(() => mesh.stop());
const shared = sharedBroker();

async function place(hold: Hold) {
  const candidate = newCandidate();
  strategyFile(candidate, "L1");
  await writeDown(mesh.nats.url, settingsOf(candidate));
  await toJournal(mesh.mesh, rampEntry(candidate, reportedOf(candidate)));
  const { repository, write } = await testRepository();
  const { url } = shared();
  const alpaca = await alpacaPlace(candidate, url);
  write({ [`${candidate}.yaml`]: strategyFile(candidate, "L1") });
  const env = {
    BATON_NATS_URL: mesh.nats.url,
    BATON_GITOPS_REPO: repository,
    BATON_BROKER_URL: url,
    BATON_WORK_DIR: testFolder(),
    BATON_ENGINE_POLL_MS: "20",
    ...alpaca.env,
    BATON_ALPACA_URL: await gateTo(alpaca.url, hold),
  };
  return { ...alpaca, start: () => startEngine(env) };
}

const settled = (engine: ReturnType<typeof startEngine>) =>
  eventually(
    async () => {
      const answer = await fetch(`${await engine.listening()}/strategies`, AS_READER);
      return RunningStrategies.parse(await answer.json()).strategies[0]?.settled;
    },
    { what: "the position is there", withinMs: 40_000 },
  );

const LOOK_UP = "GET /v2/orders:by_client_order_id";
const SEND = "POST /v2/orders";
const forEver = () => new Promise(() => {});

/** What is held at each point: before the order is sent, on its way, its answer, and what the engine does next. */
const POINTS: readonly [string, number, (hit: () => void, late: Promise<unknown>) => Hold][] = [
  // The first look-up of all is the capability's.
  [
    "id computed",
    0,
    (hit) => {
      let lookUps = 0;
      return (what, at) => {
        if (what !== LOOK_UP || at !== "request") return undefined;
        lookUps += 1;
        if (lookUps !== 2) return undefined;
        hit();
        return forEver();
      };
    },
  ],
  [
    "sent, on its way when the next one sends",
    0,
    (hit, late) => {
      let sends = 0;
      return (what, at) => {
        if (what !== SEND || at !== "request") return undefined;
        sends += 1;
        if (sends > 1) return undefined;
        hit();
        return late;
      };
    },
  ],
  [
    "sent, answer lost",
    1,
    (hit) => {
      let sends = 0;
      return (what, at) => {
        if (what !== SEND || at !== "answer") return undefined;
        sends += 1;
        if (sends > 1) return undefined;
        hit();
        return forEver();
      };
    },
  ],
  [
    "accepted, not noted",
    1,
    (hit) => {
      let state: "before" | "accepted" | "killed" = "before";
      return (what, at) => {
        if (what === SEND && at === "answer" && state === "before") state = "accepted";
        else if (state === "accepted" && at === "request") {
          state = "killed";
          hit();
          return forEver();
        }
        return undefined;
      };
    },
  ],
];

test.each(POINTS)(
  "J8: killed at: %s; in the end there is exactly one order",
  async (_, there, holdAt) => {
    const point = Promise.withResolvers<void>();
    const late = Promise.withResolvers<void>();
    const { start, taken, account } = await place(holdAt(point.resolve, late.promise));
    const first = start();
    await point.promise;
    await first.sigkill();
    expect(taken()).toHaveLength(there);
    await settled(start());
    expect(taken()).toHaveLength(1);
    // What was under way arrives after all.
    late.resolve();
    await eventually(async () => (await account.positions())[0]?.qty === "10", { what: "10 held" });
    expect((await account.submit({ ...ORDER, client_order_id: taken()[0] ?? "" })).kind).toBe(
      "duplicate",
    );
    expect(taken()).toHaveLength(1);
  },
);

const ORDER = {
  symbol: "SPX",
  qty: "1",
  side: "buy",
  type: "market",
  time_in_force: "day",
  reference_price: "100",
} as const;

test("J7: the mesh's kill switch cancels what is open at Alpaca and would increase, and nothing increases until it is released", async () => {
  const { start, market, account, taken } = await place(() => undefined);
  await market({ fills: false });
  const engine = start();
  await engine.listening();
  const open = async () => (await account.listOrders({ status: "open" })).length;
  await eventually(async () => (await open()) === 1, { what: "it is open", withinMs: 40_000 });
  await mesh.control({ type: "kill-switch", by: "ann", why: "orders look odd" });
  await eventually(async () => (await open()) === 0, { what: "it is cancelled", withinMs: 15_000 });
  expect((await account.killSwitch.get()).mesh.engaged).toBe(true);
  expect(taken()).toHaveLength(1);
  await market({ fills: true });
  expect(await account.submit({ ...ORDER, client_order_id: "by-hand" })).toMatchObject({
    kind: "rejected",
    message: expect.stringContaining("orders look odd"),
  });
  for (const by of ["ann", "ben"]) await mesh.control({ type: "release-kill-switch", by });
  await eventually(async () => !(await account.killSwitch.get()).engaged, {
    what: "the hold is released",
    withinMs: 15_000,
  });
});

test("readiness says what the broker is, the market's hours are no trouble, and no log has a key", async () => {
  const { start, market } = await place(() => undefined);
  await market({ is_open: false });
  const engine = start();
  const status = async () => {
    const answer = await fetch(`${await engine.listening()}/strategies`, AS_READER);
    return RunningStrategies.parse(await answer.json());
  };
  await eventually(async () => (await status()).controls?.stop?.includes("market is closed"), {
    what: "it says that the market is closed",
    withinMs: 30_000,
  });
  expect((await fetch(`${await engine.listening()}/readyz`)).status).toBe(200);
  expect(engine.output()).toContain("Alpaca");
  expect(engine.output()).not.toMatch(/PKTEST|secret-of-a-test/);
});
