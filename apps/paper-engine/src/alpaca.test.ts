/** The engine where strategies' accounts are at Alpaca: played by a broker with a ledger, over HTTP. */
import { join } from "node:path";

import { createBroker, DEFAULT_LIMIT_BOOK, hasAccount } from "@baton/brokerage";
import { openMainReader } from "@baton/gitops";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";

import { openEngineMemory } from "./engine-memory.ts";
import { createReconciler } from "./reconciler.ts";
import { accountingJournal } from "./testing/accounting.ts";
import { alpacaPlace } from "./testing/alpaca-place.ts";
import {
  newCandidate,
  reportedOf,
  sharedBroker,
  strategyFile,
  testFolder,
  testRepository,
} from "./testing/place.ts";
import { held } from "./testing/reconciler-place.ts";

vi.setConfig({ testTimeout: 60_000 });

const shared = sharedBroker();

async function place() {
  const candidate = newCandidate();
  const { url } = shared();
  const alpaca = await alpacaPlace(candidate, url);
  const repository = await testRepository();
  const memory = join(testFolder(), "memory.json");
  let clock = 0;
  let stopped: string | null = null;
  const restart = async () => {
    const reader = await openMainReader({ ...repository, cacheDir: testFolder() });
    onTestFinished(() => reader[Symbol.asyncDispose]());
    return createReconciler({
      reader,
      broker: alpaca.account,
      brokerOf: (account) => createBroker({ ...alpaca.place, account, timeoutMs: 1000 }),
      hasAccount: (account) => hasAccount(alpaca.place, account),
      limits: DEFAULT_LIMIT_BOOK,
      stop: () => stopped,
      journal: accountingJournal(reportedOf),
      memory: await openEngineMemory(memory),
      log: pino({ level: "silent" }),
      signal: new AbortController().signal,
      now: () => (clock += 10_000),
    });
  };
  const wants = (notional: number, over: { weight?: number; instrument?: string } = {}) => {
    const { weight = 1, instrument = "SPX" } = over;
    const signal = { weight, date: "2020-04-17", close: 100 };
    const instruments = [{ instrument, share: 1, parameters: { fast: 50, slow: 200 }, signal }];
    const limits = { notional };
    repository.write({
      [`${candidate}.yaml`]: strategyFile(candidate, "L1", { limits, settings: { instruments } }),
    });
  };
  const reconciler = await restart();
  const rounds = async (engine = reconciler) => {
    for (let round = 0; round < 3; round += 1) await engine.round();
    return engine.status();
  };
  const orders = async () =>
    (await alpaca.account.listOrders()).map(({ side, qty, status }) => `${side} ${qty} ${status}`);
  const setStop = (reason: string | null) => (stopped = reason);
  return { ...alpaca, ...repository, candidate, wants, rounds, orders, restart, setStop };
}

test("a strategy's account is brought to its version at Alpaca, parts of a unit too, and run down when it's gone", async () => {
  const { wants, rounds, orders, write, candidate, account } = await place();
  wants(1050);
  expect((await rounds()).strategies).toMatchObject([held("10.5")]);
  wants(300);
  expect((await rounds()).strategies).toMatchObject([held("3")]);
  write({ [`${candidate}.yaml`]: null });
  expect(await rounds()).toMatchObject({ strategies: [], unclaimed: [] });
  expect(await account.positions()).toEqual([]);
  expect(await orders()).toEqual(["buy 10.5 filled", "sell 7.5 filled", "sell 3 filled"]);
});

test("a position is turned by two orders, and short ones are whole units", async () => {
  const { wants, rounds, orders, restart } = await place();
  wants(500);
  await rounds();
  wants(550, { weight: -1 });
  const { strategies } = await rounds();
  expect(strategies).toMatchObject([
    { settled: true, trouble: null, positions: [{ target: "-5", held: "-5" }] },
  ]);
  expect((await rounds(await restart())).strategies).toMatchObject([{ settled: true }]);
  wants(500);
  expect((await rounds()).strategies).toMatchObject([held("5")]);
  expect(await orders()).toEqual([
    "buy 5 filled",
    "sell 5 filled",
    "sell 5 filled",
    "buy 5 filled",
    "buy 5 filled",
  ]);
});

test("what isn't sold in parts is held in whole units; what isn't traded is said", async () => {
  const { wants, rounds, market } = await place();
  await market({ assets: { SPX: { fractionable: false } } });
  wants(1090);
  expect((await rounds()).strategies).toMatchObject([
    { settled: true, positions: [{ target: "10", held: "10" }] },
  ]);
  wants(1000, { instrument: "NOSUCH" });
  const { strategies } = await rounds();
  expect(strategies).toMatchObject([
    { settled: false, problem: expect.stringContaining("Alpaca has no such asset") },
  ]);
});

test("J8: an order that is filled bit by bit counts once, also for a version that comes meanwhile", async () => {
  const { wants, rounds, orders, market, fill, account, restart } = await place();
  await market({ fills: false });
  wants(1000);
  await rounds();
  const [order] = await account.listOrders();
  const id = order?.client_order_id ?? "";
  await fill(id, "3");
  for (const engine of [undefined, await restart()]) {
    expect((await rounds(engine)).strategies).toMatchObject([
      { settled: false, trouble: null, positions: [{ held: "3" }] },
    ]);
    expect(await orders()).toEqual(["buy 10 partially_filled"]);
  }
  await market({ fills: true });
  wants(500);
  expect((await rounds()).strategies).toMatchObject([held("5")]);
  expect(await orders()).toEqual(["buy 10 canceled", "buy 2 filled"]);
});

test("a close that waits for the market is left alone, by a version and without one", async () => {
  const { wants, rounds, orders, market, fill, account, write, candidate } = await place();
  wants(1000);
  await rounds();
  await market({ is_open: false });
  write({ [`${candidate}.yaml`]: null });
  await rounds();
  expect((await rounds()).unclaimed).toMatchObject([
    { account: candidate, problem: "its closes are open" },
  ]);
  expect(await orders()).toEqual(["buy 10 filled", "sell 10 new"]);
  await fill((await account.listOrders()).at(-1)?.client_order_id ?? "", "10");
  expect((await rounds()).unclaimed).toEqual([]);
});

test("J7: a kill switch lets nothing increase; buying power that comes back lets it go on", async () => {
  const { wants, rounds, account, market, setStop } = await place();
  setStop("the market is closed until tomorrow");
  wants(1000);
  const blocked = (message: string) => [
    { settled: false, orders: [{ state: "blocked", message: expect.stringContaining(message) }] },
  ];
  expect((await rounds()).strategies).toMatchObject(blocked("market is closed"));
  setStop(null);
  const who = { scope: "account", by: "tester", reason: "drill" } as const;
  await account.killSwitch.engage(who);
  expect((await rounds()).strategies).toMatchObject(blocked("kill switch"));
  await account.killSwitch.release(who);
  await market({ buying_power: "10" });
  expect((await rounds()).strategies).toMatchObject(blocked("insufficient buying power"));
  expect(await account.listOrders()).toEqual([]);
  await market({ buying_power: "100000" });
  expect((await rounds()).strategies).toMatchObject([held("10")]);
});

test("a strategy without an account at Alpaca isn't applied, and the reason is shown; a drill's is", async () => {
  const { write, rounds } = await place();
  const other = newCandidate();
  const drill = "drill-000000000001";
  write({
    [`${other}.yaml`]: strategyFile(other, "L1"),
    [`${drill}.yaml`]: strategyFile(drill, "L1"),
  });
  const { refused, strategies } = await rounds();
  expect(refused.map(({ file }) => file)).toContain(`${other}.yaml`);
  expect(refused.find(({ file }) => file === `${other}.yaml`)?.problem).toContain(
    "BATON_ALPACA_ACCOUNTS",
  );
  expect(strategies.map(({ candidateId }) => candidateId)).not.toContain(other);
});
