import type { IncomingMessage } from "node:http";

import { ObservedDrills, RollbackReadiness } from "@baton/artifacts";
import { eventually } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { drillStrategyFile } from "./drill-strategy.ts";
import { controlState } from "./testing/controls.ts";
import {
  accountOf,
  type EvidenceWorld,
  startEvidenceWorld,
  untilHolding,
} from "./testing/evidence-world.ts";
import { DAY, digest, promotable, RUN, SOURCE } from "./testing/run-artifacts.ts";
import { runStage } from "./testing/run-stage.ts";
import { serveJson } from "./testing/small-server.ts";

let world: EvidenceWorld;
beforeAll(async () => {
  world = await startEvidenceWorld();
}, 30_000);
afterAll(async () => world[Symbol.asyncDispose]());

const READINESS = "gates/rollback-readiness.json";
const OBSERVED = "observed/rollback-drills.json";
const SLOW = 60_000;

const run = (options = world.options) =>
  runStage(options, { stage: "rollback-readiness", inputs: promotable() });
const account = (of: string | undefined) => accountOf(world, of ?? "");

test("the drills really run, and leave nothing behind", { timeout: SLOW }, async () => {
  const { context, outcome } = await run();
  expect(outcome).toEqual({ kind: "done", verdict: "pass", summary: "3 of 3 drills passed" });
  const report = context.outputJson(READINESS, RollbackReadiness);
  expect(report.gates.map(({ gateId, status }) => `${gateId} ${status}`)).toEqual([
    "kill-switch_drill pass",
    "gitops-revert_drill pass",
    "strategy-disable_drill pass",
    "rollback_target pass",
    "human_approval skipped",
  ]);
  const observed = context.outputJson(OBSERVED, ObservedDrills);
  expect(observed.completedAt).toBe(DAY.toISOString());
  const [killSwitch, revert, disable] = observed.drills;
  expect([revert?.receipts.length, disable?.receipts.length]).toEqual([1, 2]);
  expect([...(await world.onMain()).keys()]).toEqual([]);
  expect(await account(disable?.subject).positions()).toEqual([]);
  const traded = await account(disable?.subject).listOrders();
  expect(traded.map(({ side, status }) => `${side} ${status}`)).toEqual([
    "buy filled",
    "sell filled",
  ]);
  expect((await account(killSwitch?.subject).killSwitch.get()).engaged).toBe(false);
  expect((await account("paper").killSwitch.get()).engaged).toBe(false);
});

test(
  "a repeated attempt gives the same report, and removes what a killed one left on main",
  { timeout: SLOW },
  async () => {
    const first = await run();
    const left = `drill-${digest(RUN).slice(0, 10)}-dead0000`;
    const file = { drillId: left, runId: RUN, sourceSha256: SOURCE, enabled: true };
    const text = drillStrategyFile(file);
    await world.deploy({ candidateId: left, runId: RUN, step: "left", text });
    await untilHolding(world, left, true);
    const second = await run();
    expect((await world.onMain()).size).toBe(0);
    await untilHolding(world, left, false);
    expect(second.context.outputs.get(READINESS)).toEqual(first.context.outputs.get(READINESS));
  },
);

test(
  "an attempt that fails in the middle takes its strategy off main",
  { timeout: SLOW },
  async () => {
    const { outcome } = await run({
      ...world.options,
      engineUrl: "http://127.0.0.1:1",
      waitMs: 0,
    });
    expect(outcome).toMatchObject({
      kind: "failed",
      failure: { class: "transient", code: "E_ENGINE_UNAVAILABLE" },
    });
    expect((await world.onMain()).size).toBe(0);
  },
);

test("J7: while the kill switch over all accounts is engaged nothing is drilled or promoted", async () => {
  const { killSwitch } = account("paper");
  await killSwitch.engage({ scope: "all", by: "ops", reason: "test" });
  const { context, outcome } = await run();
  await killSwitch.release({ scope: "all", by: "ops", reason: "test" });
  expect(outcome).toMatchObject({ kind: "done", verdict: "inconclusive" });
  expect(context.outputJson(READINESS, RollbackReadiness).drills).toEqual([]);
});

test("an engine that doesn't do what main says fails the gate", { timeout: SLOW }, async () => {
  await using asleep = await serveJson(() => ({
    status: 200,
    body: { head: "an old one", strategies: [], refused: [] },
  }));
  const { context, outcome } = await run({ ...world.options, engineUrl: asleep.url, waitMs: 80 });
  expect(outcome).toMatchObject({ kind: "done", verdict: "fail" });
  const { gates } = context.outputJson(READINESS, RollbackReadiness);
  expect(gates.find(({ gateId }) => gateId === "strategy-disable_drill")?.reasons[0]).toBe(
    "rollback_checks_missing_or_failed: strategy-disable: wait until the engine runs it with its position: expected runs, saw the engine doesn't run it",
  );
  expect((await world.onMain()).size).toBe(0);
});

/** The lane's token, brought to somebody else. */
const at = (url: string) => ({ ...world.options.broker, url });

/** What the broker answers to a request, as the answer of a server that stands before it. */
async function forwarded({ method, url, headers }: IncomingMessage, body: string) {
  const answer = await fetch(`${world.options.broker.url}${url}`, {
    method: method ?? "GET",
    headers: {
      "content-type": headers["content-type"] ?? "",
      authorization: headers.authorization ?? "",
    },
    ...(body !== "" && { body }),
  });
  const text = await answer.text();
  const real: unknown = text === "" ? {} : JSON.parse(text);
  return { status: answer.status === 204 ? 200 : answer.status, body: real };
}

const byMesh = { type: "kill-switch", by: "ann", why: "orders look odd" } as const;

async function releaseByTwo(): Promise<void> {
  for (const by of ["ann", "ben"]) await world.mesh.control({ type: "release-kill-switch", by });
  await eventually(async () => !(await account("paper").killSwitch.get()).mesh.engaged, {
    what: "the broker's hold is released",
    withinMs: 15_000,
  });
}

test(
  "J7: under the mesh's kill switch it waits, before the drills and in the middle of them, and goes on after the release",
  { timeout: SLOW },
  async () => {
    const waits = {
      kind: "failed",
      failure: {
        class: "policy",
        code: "E_KILL_SWITCH",
        message: expect.stringMatching(/^the drills wait: .* by ann: orders look odd$/),
      },
    };
    await world.mesh.control(byMesh);
    const before = await run();
    expect(before.outcome).toMatchObject(waits);
    await releaseByTwo();
    let engaged = false;
    await using meanwhile = await serveJson(async (request, body) => {
      if (request.method === "POST" && !engaged) {
        engaged = true;
        await world.mesh.control(byMesh);
        await eventually(async () => (await account("paper").killSwitch.get()).mesh.engaged, {
          what: "the broker's hold is engaged",
          withinMs: 15_000,
        });
      }
      return forwarded(request, body);
    });
    const during = await run({ ...world.options, broker: at(meanwhile.url) });
    expect(during.outcome).toMatchObject(waits);
    await releaseByTwo();
    for (const { context } of [before, during]) expect(context.outputs.has(READINESS)).toBe(false);
    expect((await world.onMain()).size).toBe(0);
    expect((await run()).outcome).toMatchObject({ kind: "done", verdict: "pass" });
  },
);

test("J7: what failed while a switch came and went is tried again", { timeout: SLOW }, async () => {
  let sequence = 1;
  const controls = {
    last: async () => controlState((sequence += 1)),
    at: async (n: number) => controlState(n),
  };
  await using asleep = await serveJson(() => ({
    status: 200,
    body: { head: "an old one", strategies: [], refused: [] },
  }));
  const { outcome } = await run({
    ...world.options,
    controls,
    engineUrl: asleep.url,
    waitMs: 80,
  });
  expect(outcome).toMatchObject({ failure: { class: "transient", code: "E_CONTROLS_MOVED" } });
});

test(
  "J7: a kill switch that people engage at the broker while the drills run leaves it to a person, instead of failing the candidate",
  { timeout: SLOW },
  async () => {
    const { killSwitch } = account("paper");
    const who = { scope: "all", by: "ops", reason: "test" } as const;
    await using meanwhile = await serveJson(async (request, body) => {
      if (request.method === "POST") await killSwitch.engage(who);
      return forwarded(request, body);
    });
    const { context, outcome } = await run({ ...world.options, broker: at(meanwhile.url) });
    await killSwitch.release(who);
    expect(outcome).toMatchObject({ kind: "done", verdict: "inconclusive" });
    expect(context.outputJson(READINESS, RollbackReadiness).gates).toMatchObject([
      { gateId: "kill_switch_released", status: "inconclusive" },
    ]);
    expect((await world.onMain()).size).toBe(0);
  },
);

test("a kill switch that only says it is engaged fails the gate", { timeout: SLOW }, async () => {
  await using liar = await serveJson(async (request, body) => {
    const lie = request.method === "PUT" && request.url?.startsWith("/v2/kill-switch");
    if (!lie) return forwarded(request, body);
    const engaged = { engaged: true, reason: "drill", by: "liar", since: "now" };
    return {
      status: 200,
      body: { engaged: true, mesh: { engaged: false }, all: { engaged: false }, account: engaged },
    };
  });
  const { context, outcome } = await run({ ...world.options, broker: at(liar.url) });
  expect(outcome).toMatchObject({ kind: "done", verdict: "fail" });
  const { gates } = context.outputJson(READINESS, RollbackReadiness);
  expect(gates.filter(({ status }) => status === "fail")).toEqual([
    {
      gateId: "kill-switch_drill",
      status: "fail",
      reasons: expect.arrayContaining([
        "rollback_checks_missing_or_failed: kill-switch: send a new order under it: expected refused by the kill switch, saw filled",
      ]),
    },
  ]);
});

test("without broker or repository the attempt fails, and says whether that may pass", async () => {
  const noBroker = await run({ ...world.options, broker: at("http://127.0.0.1:1") });
  expect(noBroker.outcome).toMatchObject({
    failure: { class: "transient", code: "E_BROKER_UNAVAILABLE" },
  });
  const gitops = { ...world.options.gitops, repository: "/nonexistent/gitops.git" };
  const noRepository = await run({ ...world.options, gitops });
  expect(noRepository.outcome).toMatchObject({
    failure: { class: "transient", code: "E_GIT_UNAVAILABLE" },
  });
});
