import { setTimeout as sleep } from "node:timers/promises";

import { RunningStrategies, RunningStrategy } from "@baton/artifacts";
import { ServiceMatter } from "@baton/contracts";
import { AS_READER, eventually, startTestMesh, type TestMesh } from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";

import { rampEntry, toJournal, writeDown } from "./testing/accounting.ts";
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

// Real processes: on a busy machine they take their time.
vi.setConfig({ testTimeout: 60_000 });

let mesh: TestMesh;
beforeAll(async () => {
  mesh = await startTestMesh();
});
// The broker that is shared is a service that this one would call left over: it goes first.
afterAll(() => mesh.stop());
const shared = sharedBroker();

const engineEnv = (repository: string, brokerUrl: string) => ({
  BATON_NATS_URL: mesh.nats.url,
  BATON_GITOPS_REPO: repository,
  BATON_BROKER_URL: brokerUrl,
  BATON_WORK_DIR: testFolder(),
  BATON_ENGINE_POLL_MS: "20",
});

/** A candidate whose journal accounts for its file. */
async function accountedCandidate(): Promise<string> {
  const candidate = newCandidate();
  strategyFile(candidate, "L1");
  await writeDown(mesh.nats.url, settingsOf(candidate));
  await toJournal(mesh.mesh, rampEntry(candidate, reportedOf(candidate)));
  return candidate;
}

const Health = z.object({ matters: z.array(ServiceMatter) });

test("the service says over HTTP what runs, and answers wrong questions with a reason", async () => {
  const candidate = await accountedCandidate();
  const { repository, write } = await testRepository();
  const { url: brokerUrl } = shared();
  write({
    [`${candidate}.yaml`]: strategyFile(candidate, "L1"),
    "cand-wrong.yaml": "kind: Secret\n",
  });
  const url = await startEngine(engineEnv(repository, brokerUrl)).ready();
  const ask = (path: string, init?: RequestInit) =>
    fetch(`${url}${path}`, { ...AS_READER, ...init });
  const one = RunningStrategy.parse(await (await ask(`/strategies/${candidate}`)).json());
  expect(one).toMatchObject({ candidateId: candidate, level: "L1", notional: 1000 });
  const all = RunningStrategies.parse(await (await ask("/strategies")).json());
  expect(all).toMatchObject({
    strategies: [{ hash: one.hash }],
    refused: [{ file: "cand-wrong.yaml" }],
  });
  const { matters } = Health.parse(await (await ask("/readyz")).json());
  expect(matters).toMatchObject([{ code: "E_STRATEGY_FILE", subject: "cand-wrong" }]);
  for (const [path, status] of [
    ["/strategies/cand-missing", 404],
    ["/strategies/UPPER", 400],
    ["/strategies/..%2f..%2fetc", 400],
    ["/elsewhere", 404],
  ] as const)
    expect((await ask(path)).status).toBe(status);
  const post = await ask("/strategies", { method: "POST" });
  expect([post.status, post.headers.get("allow")]).toEqual([405, "GET"]);

  // Whoever brings no token hears of nobody.
  for (const path of ["/strategies", `/strategies/${candidate}`, "/elsewhere"])
    expect((await fetch(`${url}${path}`)).status).toBe(401);
  const open = await Promise.all(
    ["/readyz", "/metrics", "/livez"].map(async (path) => (await fetch(`${url}${path}`)).text()),
  );
  expect(open[0]).toContain("people have to look at 1 of what runs");
  for (const text of open) expect(text).not.toMatch(new RegExp(`${candidate}|cand-wrong`));
});

test("without its repository it stays up, isn't ready, and says why", async () => {
  const { url: brokerUrl } = shared();
  const url = await startEngine(engineEnv("/nowhere/gitops.git", brokerUrl)).listening();
  await eventually(
    async () => (await (await fetch(`${url}/readyz`, AS_READER)).text()).includes("git ls-remote"),
    { what: "it says what is missing" },
  );
  expect((await fetch(`${url}/strategies/cand-missing`, AS_READER)).status).toBe(503);
  expect((await fetch(`${url}/strategies`, AS_READER)).status).toBe(503);
});

test("a main that was moved back makes it unready, also after a restart, until main is brought back", async () => {
  const candidate = await accountedCandidate();
  const { repository, write, head, moveMain } = await testRepository();
  const { url: brokerUrl, account } = shared();
  const env = engineEnv(repository, brokerUrl);
  const status = async (url: string) =>
    RunningStrategies.parse(await (await fetch(`${url}/strategies`, AS_READER)).json());
  const says = async (url: string, what: string, isSo: (of: Response, text: string) => boolean) =>
    eventually(
      async () => {
        const answer = await fetch(`${url}/readyz`, AS_READER);
        return isSo(answer, await answer.text());
      },
      { what, withinMs: 15_000 },
    );
  write({ [`${candidate}.yaml`]: strategyFile(candidate, "L1") });
  const first = startEngine(env);
  await first.ready();
  const before = head();
  write({ [`${candidate}.yaml`]: null });
  const obeyed = head();
  await eventually(async () => (await status(await first.listening())).head === obeyed, {
    what: "it obeys that the strategy is out",
  });
  await first.sigkill();
  moveMain(before);
  const second = await startEngine(env).listening();
  const lost = /E_MAIN_RESET.*git push --force.*"code":"E_MAIN_RESET","subject":"mesh"/;
  await says(second, "it isn't ready", ({ ok }, text) => !ok && lost.test(text));
  const { mainLost, controls } = await eventually(() => status(second), {
    what: "it says what runs",
    withinMs: 15_000,
  });
  expect(mainLost).toEqual({ obeyed, head: before, returns: [`${candidate}.yaml`] });
  expect(controls?.stop).toMatch(/E_MAIN_RESET/);
  await eventually(async () => (await account(candidate).broker.positions()).length === 0, {
    what: "it is run down",
    withinMs: 15_000,
  });
  moveMain(obeyed);
  await says(second, "it is ready", ({ ok }) => ok);
  expect(await status(second)).toMatchObject({ mainLost: null, strategies: [] });
});

test(
  "J8: killed at random moments while limits change, it leaves exactly one order per change",
  { timeout: 60_000 },
  async () => {
    const candidate = await accountedCandidate();
    const { repository, write } = await testRepository();
    const { url: brokerUrl, account } = shared();
    const { broker, fault } = account(candidate);
    const env = engineEnv(repository, brokerUrl);
    const levels = ["L0", "L1", "L2", "L3"] as const;
    for (const level of levels) {
      write({ [`${candidate}.yaml`]: strategyFile(candidate, level) });
      await fault(level === "L1" ? "lost-504" : "stored-504");
      for (let life = 0; life < 2; life += 1) {
        const engine = startEngine(env);
        await engine.listening();
        await sleep(Math.random() * 250);
        await engine.sigkill();
      }
    }
    const url = await startEngine(env).ready();
    const status = async () =>
      RunningStrategy.parse(
        await (await fetch(`${url}/strategies/${candidate}`, AS_READER)).json(),
      );
    await eventually(async () => (await status()).settled, { what: "it is settled" });
    expect((await broker.positions())[0]?.qty).toBe("100");
    const orders = await broker.listOrders();
    expect(new Set(orders.map((order) => order.client_order_id)).size).toBe(orders.length);
    const bought = orders.map(({ qty }) => Number(qty)).reduce((sum, qty) => sum + qty, 0);
    expect([bought, orders.every(({ side }) => side === "buy")]).toEqual([100, true]);
    expect(orders.length).toBeLessThanOrEqual(levels.length);
  },
);
