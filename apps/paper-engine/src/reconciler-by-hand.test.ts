/** What the engine does where people trade beside it, and with what main doesn't have any more. */
import { createBroker, type NewOrderInput } from "@baton/brokerage";
import { BROKER_TOKENS } from "@baton/testkit";
import { expect, test, vi } from "vitest";

import { sharedBroker } from "./testing/place.ts";
import { held, placeOn } from "./testing/reconciler-place.ts";

// A real git and a real broker: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const shared = sharedBroker();
const place = () => placeOn(shared);

const byHand = (over: Partial<NewOrderInput>): NewOrderInput => ({
  client_order_id: "by-hand",
  symbol: "SPX",
  qty: "1",
  side: "sell",
  type: "market",
  time_in_force: "day",
  reference_price: "100",
  ...over,
});

const MISMATCH = { settled: false, trouble: "E_POSITION_MISMATCH" };

test.each([
  ["sold in part", { qty: "2" }],
  ["sold as a whole", { qty: "5" }],
  ["bought", { side: "buy", qty: "3" }],
  ["bought in another instrument", { side: "buy", symbol: "NDX" }],
] as const)(
  "what is %s by hand stays as it is, also for an engine that is new, until it's traded back",
  async (_, over) => {
    const { put, file, reconciler, restart, broker } = await place();
    put(file("L0"));
    await reconciler.round();
    await broker.submit(byHand(over));
    const left = await broker.positions();
    const engines = [reconciler, await restart()];
    for (const engine of engines) {
      for (let round = 0; round < 3; round += 1) await engine.round();
      expect(engine.status().strategies[0]).toMatchObject(MISMATCH);
    }
    expect(await broker.positions()).toEqual(left);
    expect(await broker.listOrders()).toHaveLength(2);
    const side = "side" in over ? "sell" : "buy";
    await broker.submit(byHand({ ...over, side, client_order_id: "back" }));
    for (const engine of engines) {
      await engine.round();
      expect(engine.status().strategies[0]).toMatchObject({ settled: true, trouble: null });
    }
  },
);

test.each([
  ["sell", "2"],
  ["sell", "5"],
  ["buy", "3"],
] as const)(
  "an open order to %s %s by hand is told and not made up for, also by an engine that is new",
  async (side, qty) => {
    const { put, file, reconciler, restart, broker } = await place();
    put(file("L0"));
    await reconciler.round();
    // Without a price the broker can't fill it, so it stays open.
    const answer = await broker.submit(byHand({ side, qty, reference_price: null }));
    expect(answer).toMatchObject({ order: { status: "new", filled_qty: "0" } });
    const engines = [reconciler, await restart()];
    for (const engine of engines) {
      for (let round = 0; round < 2; round += 1) await engine.round();
      const [strategy] = engine.status().strategies;
      expect(strategy).toMatchObject({ ...MISMATCH, positions: held("5").positions });
      expect(strategy?.problem).toContain("somebody else's order for SPX is open");
    }
    expect(await broker.listOrders()).toHaveLength(2);
    await broker.cancelAll();
    for (const engine of engines) {
      await engine.round();
      expect(engine.status().strategies[0]).toMatchObject({ ...held("5"), trouble: null });
    }
  },
);

test("what main says anew is brought about beside a person's open order, and no further than main says", async () => {
  const { put, file, reconciler, broker } = await place();
  put(file("L0"));
  await reconciler.round();
  await broker.submit(byHand({ qty: "2", reference_price: null }));
  for (const [text, units] of [
    [file("L1"), "10"],
    [file("L1", { limits: { enabled: false } }), "0"],
  ] as const) {
    put(text);
    for (let round = 0; round < 2; round += 1) await reconciler.round();
    const positions = [{ instrument: "SPX", target: units, held: units }];
    expect(reconciler.status().strategies[0]).toMatchObject({ ...MISMATCH, positions });
  }
});

test("a new version on main is people's word: it is brought about whatever was traded by hand", async () => {
  const { put, file, reconciler, restart, broker } = await place();
  put(file("L0"));
  await reconciler.round();
  await broker.submit(byHand({ qty: "3" }));
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject(MISMATCH);
  put(file("L1"));
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject({ ...held("10"), trouble: null });
  const second = await restart();
  await second.round();
  expect(second.status().strategies[0]).toMatchObject({ ...held("10"), trouble: null });
});

test("an instrument that the new version doesn't trade is taken down", async () => {
  const { put, file, reconciler, broker } = await place();
  put(file("L0"));
  await reconciler.round();
  const signal = { weight: 1, date: "2020-04-17", close: 100 };
  const instruments = [
    { instrument: "NDX", share: 1, parameters: { fast: 50, slow: 200 }, signal },
  ];
  put(file("L0", { settings: { instruments } }));
  for (let round = 0; round < 2; round += 1) await reconciler.round();
  expect((await broker.positions()).map(({ symbol, qty }) => [symbol, qty])).toEqual([
    ["NDX", "5"],
  ]);
  expect(reconciler.status().strategies[0]).toMatchObject({ settled: true, trouble: null });
});

test.each(["while it runs", "while nobody looks"])(
  "main moved back behind a strategy %s: its position is run down and told, and people's accounts stay alone",
  async (when) => {
    const { put, file, reconciler, restart, broker, moveMain, head, candidate } = await place();
    await reconciler.round();
    const before = head();
    const { url } = shared();
    const person = createBroker({
      url,
      token: BROKER_TOKENS.operator,
      account: `person-${candidate}`,
    });
    await person.submit(byHand({ side: "buy" }));
    put(file("L1"));
    await reconciler.round();
    const forth = moveMain(before);
    const engine = when === "while it runs" ? reconciler : await restart();
    await broker.killSwitch.engage({ scope: "account", by: "tester", reason: "drill" });
    await engine.round();
    expect(engine.status()).toMatchObject({ strategies: [], refused: [], unclaimed: [] });
    expect(await broker.positions()).toEqual([]);
    expect((await person.positions())[0]?.qty).toBe("1");
    // The same again, so that no close is taken for one that was made before.
    await broker.killSwitch.release({ scope: "account", by: "tester", reason: "drill" });
    moveMain(forth);
    put(file("L2"));
    await engine.round();
    expect(engine.status().strategies[0]).toMatchObject(held("50"));
    moveMain(before);
    await engine.round();
    expect(await broker.positions()).toEqual([]);
  },
);

test("what can't be run down yet is shown until it is", async () => {
  const { put, file, reconciler, broker, candidate, fault } = await place();
  put(file("L0"));
  await reconciler.round();
  put(null);
  await fault("lookup-504");
  await reconciler.round();
  expect(reconciler.status().unclaimed).toMatchObject([
    { account: candidate, problem: expect.stringContaining("SPX is unknown") },
  ]);
  await reconciler.round();
  expect(reconciler.status().unclaimed).toEqual([]);
  expect(await broker.positions()).toEqual([]);
});
