import { createHash } from "node:crypto";

import { StrategyConfigMap, strategyHashText, type StrategyLimits } from "@baton/artifacts";
import { expect, test, vi } from "vitest";
import { parse } from "yaml";

import { newCandidate, sharedBroker, strategyFile } from "./testing/place.ts";
import { held, placeOn } from "./testing/reconciler-place.ts";

// A real git and a real broker: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const shared = sharedBroker();
const place = () => placeOn(shared);

test("a file on main runs, by the hash of its data, and its position is taken by one order", async () => {
  const { put, file, reconciler, broker } = await place();
  await reconciler.round();
  expect(reconciler.status().strategies).toEqual([]);
  const text = file("L0");
  put(text);
  await reconciler.round();
  const [strategy] = reconciler.status().strategies;
  const { data } = StrategyConfigMap.parse(parse(text));
  const hash = createHash("sha256").update(strategyHashText(data)).digest("hex");
  expect(strategy).toMatchObject({ ...held("5"), hash, level: "L0", notional: 500, enabled: true });
  const [order, ...others] = await broker.listOrders();
  expect(others).toEqual([]);
  expect(strategy?.orders).toMatchObject([
    { clientOrderId: order?.client_order_id, state: "accepted", side: "buy", quantity: "5" },
  ]);
  await reconciler.round();
  expect(await broker.listOrders()).toHaveLength(1);
});

test("a change of limits orders just the difference; disabled and removed strategies are closed", async () => {
  const { put, file, reconciler, broker } = await place();
  const sizes: string[] = [];
  for (const level of ["L0", "L1", "L2", "L1"] as const) {
    put(file(level));
    await reconciler.round();
    expect(reconciler.status().strategies[0]).toMatchObject({ level, settled: true });
    sizes.push((await broker.positions())[0]?.qty ?? "0");
  }
  expect(sizes).toEqual(["5", "10", "50", "10"]);
  put(file("L1", { limits: { enabled: false } }));
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject({ ...held("0"), enabled: false });
  put(file("L2"));
  await reconciler.round();
  put(null);
  await reconciler.round();
  expect(reconciler.status().strategies).toEqual([]);
  expect(await broker.positions()).toEqual([]);
  const orders = await broker.listOrders();
  expect(orders.map(({ side, qty }) => `${side} ${qty}`)).toEqual([
    "buy 5",
    "buy 5",
    "buy 40",
    "sell 40",
    "sell 10",
    "buy 50",
    "sell 50",
  ]);
});

test("a strategy that was removed while the engine was down is run down at the next start", async () => {
  const { put, file, reconciler, restart, broker } = await place();
  put(file("L1"));
  await reconciler.round();
  put(null);
  const second = await restart();
  await second.round();
  expect(await broker.positions()).toEqual([]);
  expect(second.status().strategies).toEqual([]);
});

test.each([
  ["another candidate's", strategyFile("cand-another", "L2"), /holds the strategy of/],
  ["not YAML", "data: [", /yaml/],
  ["no ConfigMap", "kind: Secret\n", /apiVersion/],
  ["over its share", (good: string) => good.replace(`"share":1`, `"share":2`), /share/],
  ["of a level that doesn't exist", (good: string) => good.replace(`"L2"`, `"L9"`), /level/],
])("a file that is %s changes nothing, and the reason is shown", async (_, text, reason) => {
  const { put, file, candidate, reconciler, broker } = await place();
  put(file("L0"));
  await reconciler.round();
  put(typeof text === "string" ? text : text(file("L2")));
  await reconciler.round();
  const status = reconciler.status();
  expect(status.refused).toMatchObject([
    { file: `${candidate}.yaml`, problem: expect.stringMatching(reason) },
  ]);
  expect(status.strategies).toMatchObject([{ level: "L0", ...held("5") }]);
  expect(await broker.listOrders()).toHaveLength(1);
  put(file("L1"));
  await reconciler.round();
  expect(reconciler.status()).toMatchObject({ refused: [], strategies: [{ level: "L1" }] });
});

test("J7: an engaged kill switch stops what would increase a position, not what closes it", async () => {
  const { put, file, reconciler, broker } = await place();
  put(file("L0"));
  await reconciler.round();
  const who = { scope: "account", by: "tester", reason: "drill" } as const;
  await broker.killSwitch.engage(who);
  put(file("L1"));
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject({
    settled: false,
    problem: expect.stringMatching(/kill switch/),
    orders: [{ state: "blocked" }],
  });
  expect(await broker.listOrders()).toHaveLength(1);
  put(file("L1", { limits: { notional: 200 } }));
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject(held("2"));
  put(file("L2"));
  await reconciler.round();
  await broker.killSwitch.release(who);
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject(held("50"));
});

test("J7: what the mesh stops is blocked with its reason, closes pass, and it goes out once the stop is gone", async () => {
  const { put, file, reconciler, broker, setStop } = await place();
  put(file("L0"));
  setStop("nobody knows");
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject({
    settled: false,
    orders: [{ state: "blocked", message: "nobody knows" }],
  });
  expect(await broker.listOrders()).toEqual([]);
  setStop(null);
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject(held("5"));
  setStop("engaged");
  put(file("L0", { limits: { notional: 300 } }));
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject(held("3"));
});

test.each(["stored-504", "lost-504", "stored-silent", "lost-silent"])(
  "J8: after the broker's fault %s there is exactly one order in the end",
  async (kind) => {
    const { put, file, reconciler, broker, fault } = await place();
    await fault(kind);
    put(file("L0"));
    for (let round = 0; round < 3; round += 1) await reconciler.round();
    expect(reconciler.status().strategies[0]).toMatchObject(held("5"));
    expect(await broker.listOrders()).toHaveLength(1);
  },
);

test("J8: an engine that is new at every step sends nothing twice and knows its orders by their ids", async () => {
  const { put, file, restart, broker } = await place();
  const levels = ["L0", "L1", "L2", "L3"] as const;
  for (const [index, level] of levels.entries()) {
    put(file(level));
    for (let life = 0; life < 2; life += 1) {
      const reconciler = await restart();
      await reconciler.round();
      expect(reconciler.status().strategies[0]).toMatchObject({
        level,
        settled: true,
        orders: [{ state: "accepted" }],
      });
    }
    expect(await broker.listOrders()).toHaveLength(index + 1);
  }
});

/** Files that ask for what no order can hold, or for more than the operator allows. */
const TOO_MUCH: readonly (readonly [string, object, Partial<StrategyLimits>, string])[] = [
  ["a price of 1.3e-7", { close: 1.3e-7 }, { notional: 1e6 }, "E_LIMIT"],
  ["a price that rounds to nothing", { close: 1e-12 }, { notional: 1e-9 }, "E_STRATEGY_FILE"],
  ["a notional raised ninefold", {}, { notional: 9e6 }, "E_LIMIT"],
  ["a position hidden by a low price", { close: 0.0001 }, { notional: 1000 }, "E_LIMIT"],
];

test.each(TOO_MUCH)(
  "%s is that strategy's fault alone: the version before goes on, others are served, also after a restart",
  async (_, signal, limits, code) => {
    const { put, file, write, reconciler, restart, candidate, broker } = await place();
    put(file("L0"));
    await reconciler.round();
    const instruments = [
      {
        instrument: "SPX",
        share: 1,
        parameters: { fast: 50, slow: 200 },
        signal: { weight: 1, date: "2020-04-17", close: 100, ...signal },
      },
    ];
    put(file("L1", { settings: { instruments }, limits }));
    const other = newCandidate();
    write({ [`${other}.yaml`]: strategyFile(other, "L0") });
    for (const engine of [reconciler, await restart()]) {
      await engine.round();
      const { refused, strategies } = engine.status();
      expect(refused).toMatchObject([{ file: `${candidate}.yaml`, code }]);
      expect(strategies).toHaveLength(2);
      for (const one of strategies) expect(one).toMatchObject({ level: "L0", ...held("5") });
    }
    expect(await broker.listOrders()).toHaveLength(1);
  },
);

test("a limit that is lower than what runs keeps the next order back, and lets it go once it is raised", async () => {
  const { put, file, reconciler, broker, setLimits } = await place();
  setLimits({ orderNotional: 600 });
  put(file("L0"));
  await reconciler.round();
  put(file("L2"));
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject({
    settled: false,
    trouble: "E_LIMIT",
    orders: [{ state: "blocked", message: expect.stringContaining("orderNotional 600") }],
  });
  expect(await broker.listOrders()).toHaveLength(1);
  put(file("L2", { limits: { enabled: false } }));
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject({ ...held("0"), trouble: null });
});

test("the limit of all accounts together keeps back the one order that would pass it; the others go on", async () => {
  const { put, file, write, reconciler, broker, candidate, setTotal } = await place();
  put(file("L0"));
  await reconciler.round();
  // What every account of this broker holds, other tests' too.
  const held1 = Number(await broker.valueBeside("NONE"));
  const [big, small] = [newCandidate(), newCandidate()];
  setTotal(held1 + 1200);
  put(file("L2"));
  write({ [`${big}.yaml`]: strategyFile(big, "L1"), [`${small}.yaml`]: strategyFile(small, "L1") });
  await reconciler.round();
  const byId = () =>
    new Map(reconciler.status().strategies.map((one) => [one.candidateId, one] as const));
  expect(byId().get(candidate)).toMatchObject({
    settled: false,
    trouble: "E_LIMIT",
    positions: [{ held: "5" }],
    orders: [{ state: "blocked", message: expect.stringContaining("over the limit total") }],
  });
  // Two that fit one by one: one of them passes.
  const both = [big, small].map((one) => byId().get(one));
  expect(both.map((one) => one?.trouble)).toEqual(expect.arrayContaining(["E_LIMIT", null]));
  expect(await broker.listOrders()).toHaveLength(1);
  setTotal(held1 + 2000);
  await reconciler.round();
  for (const one of [big, small]) expect(byId().get(one)).toMatchObject(held("10"));
  put(file("L2", { limits: { enabled: false } }));
  await reconciler.round();
  expect(byId().get(candidate)).toMatchObject({ ...held("0"), trouble: null });
});

test("an order that someone else's trade has undone isn't sent again; people are told", async () => {
  const { put, file, reconciler, broker } = await place();
  put(file("L0"));
  await reconciler.round();
  await broker.submit({
    client_order_id: "by-hand",
    symbol: "SPX",
    qty: "5",
    side: "sell",
    type: "market",
    time_in_force: "day",
    reference_price: "100",
  });
  await reconciler.round();
  await reconciler.round();
  expect(await broker.listOrders()).toHaveLength(2);
  expect(reconciler.status().strategies[0]).toMatchObject({
    settled: false,
    trouble: "E_POSITION_MISMATCH",
    problem: expect.stringContaining("E_POSITION_MISMATCH"),
  });
});

test("a broker that isn't there leaves the strategy unsettled and says so, until it is back", async () => {
  const { put, file, reconciler, fault } = await place();
  put(file("L0"));
  await fault("lookup-504");
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject({ settled: false });
  await reconciler.round();
  expect(reconciler.status().strategies[0]).toMatchObject(held("5"));
});

test.each(["a b.yaml", "--help.yaml", ".yaml", "ŋ.yaml", "CAND.yaml", '"\\033[31m.yaml"'])(
  "a file that is called %s is its own trouble: what runs is taken out all the same, and it is forgotten with the file",
  async (name) => {
    const { put, file, reconciler, broker, write } = await place();
    put(file("L1"));
    await reconciler.round();
    expect(reconciler.status().strategies[0]).toMatchObject(held("10"));
    // As Git quotes a path that has control characters.
    const path = name.startsWith('"') ? `"strategies/${name.slice(1)}` : `strategies/${name}`;
    write({}, { [path]: "# notes\n" });
    put(file("L1", { limits: { enabled: false } }));
    await reconciler.round();
    const { strategies, refused } = reconciler.status();
    expect(strategies[0]).toMatchObject({ ...held("0"), enabled: false });
    expect(refused).toMatchObject([{ problem: expect.stringContaining("remove it from main") }]);
    expect(await broker.positions()).toEqual([]);
    write({}, { [path]: null });
    await reconciler.round();
    expect(reconciler.status().refused).toEqual([]);
  },
);
