/** Main that is moved back under the engine, and brought back. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { createBroker, DEFAULT_LIMIT_BOOK } from "@baton/brokerage";
import { fenceOnce, openMainReader } from "@baton/gitops";
import { BROKER_TOKENS } from "@baton/testkit";
import { pino } from "pino";
import { expect, onTestFinished, test, vi } from "vitest";

import { openEngineMemory } from "./engine-memory.ts";
import { createReconciler, type Reconciler } from "./reconciler.ts";
import { accountingJournal } from "./testing/accounting.ts";
import {
  newCandidate,
  reportedOf,
  sharedBroker,
  strategyFile,
  testFolder,
  testRepository,
} from "./testing/place.ts";

// A real git and a real broker: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const shared = sharedBroker();
const LOST = /^E_MAIN_RESET: main is at [0-9a-f]{12}, which doesn't go on from [0-9a-f]{40}/;

async function place() {
  const repository = await testRepository();
  const { url, account } = shared();
  const candidate = newCandidate();
  let clock = 0;
  const at = { url, token: BROKER_TOKENS.operator, timeoutMs: 1000 };
  const folder = testFolder();
  const engine = async (memory = "memory.json", kept?: object): Promise<Reconciler> => {
    if (kept) writeFileSync(join(folder, memory), JSON.stringify(kept));
    const reader = await openMainReader({ ...repository, cacheDir: testFolder() });
    onTestFinished(() => reader[Symbol.asyncDispose]());
    return createReconciler({
      reader,
      broker: createBroker(at),
      brokerOf: (name) => createBroker({ ...at, account: name }),
      limits: DEFAULT_LIMIT_BOOK,
      stop: () => null,
      journal: accountingJournal(reportedOf),
      memory: await openEngineMemory(join(folder, memory)),
      log: pino({ level: "silent" }),
      signal: new AbortController().signal,
      now: () => (clock += 10_000),
    });
  };
  const { broker } = account(candidate);
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", repository.repository, ...args])
      .toString()
      .trim();
  return {
    ...repository,
    git,
    engine,
    broker,
    candidate,
    put: (text: string | null) => repository.write({ [`${candidate}.yaml`]: text }),
    held: async () => (await broker.positions())[0]?.qty ?? "0",
    /** An empty commit on main with this trailer. */
    commit: (trailer: string) => {
      const tree = git("rev-parse", "main^{tree}");
      const who = ["-c", "user.name=T", "-c", "user.email=t@t"];
      const id = git(...who, "commit-tree", tree, "-p", "main", "-m", `Accept\n\n${trailer}`);
      git("update-ref", "refs/heads/main", id);
    },
  };
}

test.each(["while it runs", "while it is down"])(
  "what was taken out doesn't come back to life with a main that is moved back %s, also after restarts",
  async (when) => {
    const { put, engine, candidate, head, moveMain, held, broker } = await place();
    let running = await engine();
    put(strategyFile(candidate, "L1"));
    await running.round();
    const before = head();
    put(null);
    await running.round();
    expect(await held()).toBe("0");
    const forth = moveMain(before);
    for (const life of [1, 2]) {
      if (when !== "while it runs" || life === 2) running = await engine();
      for (let round = 0; round < 3; round += 1) await running.round();
      expect(await held()).toBe("0");
      expect(running.status().mainLost).toEqual({
        obeyed: forth,
        head: before,
        returns: [`${candidate}.yaml`],
      });
      expect(running.mainProblem()).toMatch(LOST);
      expect(running.stop()).toMatch(LOST);
      expect(running.status()).toMatchObject({ strategies: [], unclaimed: [] });
    }
    moveMain(forth);
    await running.round();
    expect(running.status()).toMatchObject({ mainLost: null, strategies: [] });
    expect(running.stop()).toBeNull();
    expect(await broker.listOrders()).toHaveLength(2);
  },
);

test("what main lost before it was run down is run down all the same", async () => {
  const { put, engine, candidate, head, moveMain, held } = await place();
  const running = await engine();
  put(strategyFile(candidate, "L1"));
  await running.round();
  const before = head();
  put(null);
  const removed = head();
  // Obeyed by an engine that was killed before it sold anything.
  const memory = { v: 1, head: removed, accounts: {} };
  moveMain(before);
  const next = await engine("killed.json", memory);
  expect(await held()).toBe("10");
  await next.round();
  expect(await held()).toBe("0");
  expect(next.status()).toMatchObject({ mainLost: { obeyed: removed }, strategies: [] });
});

test("while main is lost nothing grows on it, less is held, and what is missing is run down", async () => {
  const { put, engine, candidate, head, moveMain, held, write, git } = await place();
  const running = await engine();
  const other = newCandidate();
  put(strategyFile(candidate, "L0"));
  await running.round();
  const before = head();
  put(strategyFile(candidate, "L1"));
  write({ [`${other}.yaml`]: strategyFile(other, "L0") });
  await running.round();
  expect(await held()).toBe("10");
  const forth = moveMain(before);
  for (let round = 0; round < 2; round += 1) await running.round();
  expect(await held()).toBe("5");
  expect(running.status().unclaimed).toEqual([]);
  put(strategyFile(candidate, "L3"));
  for (let round = 0; round < 2; round += 1) await running.round();
  expect(await held()).toBe("5");
  expect(running.status().strategies[0]).toMatchObject({
    settled: false,
    orders: [{ state: "blocked", message: expect.stringMatching(LOST) }],
  });
  git("update-ref", "refs/heads/main", forth);
  for (let round = 0; round < 2; round += 1) await running.round();
  expect(await held()).toBe("10");
  for (const one of running.status().strategies)
    expect(one).toMatchObject({ settled: true, trouble: null });
});

test.each([
  ["the same engine", "same", 1],
  ["the same engine, twice", "same", 2],
  ["one that is new each time", "new", 2],
])("main brought back brings the position back, once, by %s", async (_, who, times) => {
  const { put, engine, candidate, head, moveMain, held, broker } = await place();
  let running = await engine();
  await running.round();
  const before = head();
  put(strategyFile(candidate, "L1"));
  await running.round();
  for (let time = 1; time <= times; time += 1) {
    const forth = moveMain(before);
    if (who === "new") running = await engine();
    await running.round();
    expect(await held()).toBe("0");
    moveMain(forth);
    if (who === "new") running = await engine();
    for (let round = 0; round < 3; round += 1) await running.round();
    const again = await engine();
    await again.round();
    for (const one of [running, again])
      expect(one.status().strategies).toMatchObject([{ settled: true, trouble: null }]);
    expect(await held()).toBe("10");
    expect(await broker.listOrders()).toHaveLength(1 + 2 * time);
  }
});

test("people accept what main has by a commit that names what it had; the wrong name accepts nothing", async () => {
  const { put, engine, candidate, head, moveMain, held, commit } = await place();
  const running = await engine();
  put(strategyFile(candidate, "L1"));
  await running.round();
  const before = head();
  put(null);
  await running.round();
  const forth = moveMain(before);
  commit(`Baton-Main-Lost: ${"0".repeat(40)}`);
  await running.round();
  expect(running.mainProblem()).toMatch(LOST);
  expect(await held()).toBe("0");
  commit(`Baton-Main-Lost: ${forth}`);
  for (const one of [running, await engine()]) {
    for (let round = 0; round < 2; round += 1) await one.round();
    expect(one.status()).toMatchObject({ mainLost: null, strategies: [{ settled: true }] });
  }
  expect(await held()).toBe("10");
});

test("an engine that remembers nothing knows from the markers of actions that main was moved back", async () => {
  const { put, engine, candidate, head, moveMain, held, repository, commit } = await place();
  put(strategyFile(candidate, "L1"));
  const before = head();
  const { commit: fence } = await fenceOnce({
    repository,
    cacheDir: testFolder(),
    stageRun: `${candidate}.incident-recovery.run-000001.fence`,
    dispatch: 1,
  });
  moveMain(before);
  const running = await engine();
  await running.round();
  expect(running.status()).toMatchObject({ mainLost: { obeyed: fence, head: before } });
  expect(await held()).toBe("0");
  commit(`Baton-Main-Lost: ${fence}`);
  for (const one of [running, await engine("another.json")]) {
    await one.round();
    expect(one.mainProblem()).toBeNull();
  }
  expect(await held()).toBe("10");
});
