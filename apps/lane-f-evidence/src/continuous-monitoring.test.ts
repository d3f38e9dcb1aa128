import { ContinuousMonitoring, ObservedMonitoring } from "@baton/artifacts";
import { afterAll, beforeAll, expect, test } from "vitest";

import { drillStrategyFile } from "./drill-strategy.ts";
import { configHashOf } from "./strategy-file.ts";
import { type EvidenceWorld, startEvidenceWorld, untilHolding } from "./testing/evidence-world.ts";
import {
  CANDIDATE,
  manifest,
  promotable,
  rolledOut,
  RUN,
  SOURCE,
} from "./testing/run-artifacts.ts";
import { runStage } from "./testing/run-stage.ts";
import { serveJson } from "./testing/small-server.ts";

const REPORT = "gates/continuous-monitoring.json";
const text = (enabled: boolean) =>
  drillStrategyFile({ drillId: CANDIDATE, runId: RUN, sourceSha256: SOURCE, enabled });
const HASH = configHashOf(text(true)) ?? "";

let world: EvidenceWorld;
beforeAll(async () => {
  world = await startEvidenceWorld();
  await world.deploy({ candidateId: CANDIDATE, runId: RUN, step: "L0", text: text(true) });
  await untilHolding(world, CANDIDATE, true);
}, 30_000);
afterAll(async () => world[Symbol.asyncDispose]());

const run = (over: Record<string, unknown> = {}, options = world.options) =>
  runStage(options, {
    stage: "continuous-monitoring",
    inputs: { ...promotable(), ...rolledOut(HASH), ...over },
  });

test("what runs is what was approved: every gate passes, and the report is the same again", async () => {
  const { context, outcome } = await run();
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const report = context.outputJson(REPORT, ContinuousMonitoring);
  expect(report.runHash).toEqual({ approved: HASH, merged: HASH, running: HASH });
  expect(report.gates.map(({ gateId, status }) => `${gateId} ${status}`)).toEqual([
    "run_hash pass",
    "ramp_level pass",
    "data pass",
    "performance pass",
  ]);
  const observed = context.outputJson("observed/continuous-monitoring.json", ObservedMonitoring);
  expect(observed.commit).toMatch(/^[0-9a-f]{40}$/);
  const again = await run();
  expect(again.context.outputs.get(REPORT)).toEqual(context.outputs.get(REPORT));
});

test.each([
  [
    "another hash than was approved",
    rolledOut("99".repeat(32)),
    `run_hash_drift: main asks for ${HASH.slice(0, 12)}, approved was 999999999999`,
  ],
  [
    "other data than was declared",
    { "research/dataset-manifest.json": manifest("77".repeat(32)) },
    "data_drift: NDX is 04d01a3a5396, declared was 777777777777",
  ],
  [
    "less earned than in one of a hundred backtests",
    promotable("paper", 0.5),
    "performance_drift: total 0.03038 is below the backtest's p01 0.5000",
  ],
] as const)("%s fails", async (_, inputs, reason) => {
  const { context, outcome } = await run(inputs);
  expect(outcome).toMatchObject({ kind: "done", verdict: "fail" });
  const { gates } = context.outputJson(REPORT, ContinuousMonitoring);
  expect(gates.flatMap(({ reasons }) => reasons)).toEqual([reason]);
});

test("returns for another number of rows than the bands' fail: nothing can be said", async () => {
  const rollout = rolledOut(HASH);
  rollout["gates/shadow-paper.json"].evaluation.net.pop();
  const { outcome } = await run(rollout);
  expect(outcome).toMatchObject({ verdict: "fail", summary: expect.stringContaining("unknown") });
});

test("an engine that is behind main is waited for, then the attempt fails in a way that may pass", async () => {
  await using behind = await serveJson(() => ({
    status: 200,
    body: { head: "an old one", strategies: [], refused: [] },
  }));
  const options = { ...world.options, engineUrl: behind.url, waitMs: 60 };
  expect((await run({}, options)).outcome).toMatchObject({
    kind: "failed",
    failure: { class: "transient", code: "E_ENGINE_BEHIND" },
  });
});

test("a strategy that somebody disabled on main is drift", async () => {
  await world.deploy({ candidateId: CANDIDATE, runId: RUN, step: "off", text: text(false) });
  const { context, outcome } = await run();
  expect(outcome).toMatchObject({ kind: "done", verdict: "fail" });
  const { gates, runHash } = context.outputJson(REPORT, ContinuousMonitoring);
  expect(runHash.running).toBe(runHash.merged);
  expect(gates[0]?.reasons).toContain("strategy_disabled: somebody disabled it");
});

test("a missing report of the rollout fails the stage for good", async () => {
  const { outcome } = await runStage(world.options, {
    stage: "continuous-monitoring",
    inputs: promotable(),
  });
  expect(outcome).toMatchObject({ kind: "failed", failure: { class: "deterministic" } });
});
