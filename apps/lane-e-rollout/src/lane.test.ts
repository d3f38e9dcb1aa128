import {
  LiveRampReport,
  ObservedRollout,
  RunningStrategy,
  ShadowPaperReport,
  strategyPath,
} from "@baton/artifacts";
import { mergeOnce, openWorktree } from "@baton/gitops";
import type { StageWork } from "@baton/lanekit";
import { AS_READER } from "@baton/testkit";
import { expect, test, vi } from "vitest";

import type { RolloutOptions } from "./rollout-options.ts";
import { PATCH } from "./shadow-paper.ts";
import {
  approvalOf,
  commitsOf,
  contextOf,
  lastingOutputs,
  outputsOf,
  sharedPlace,
} from "./testing/place.ts";
import { passed, type SampleRun, sampleRun, sha256 } from "./testing/sample-run.ts";
import { stageOf } from "./testing/stage-of.ts";
import { unsettledAt } from "./testing/unsettled-engine.ts";

// Real git, engine and broker: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const place = sharedPlace();

function stage(name: string, over: Partial<RolloutOptions> = {}): StageWork {
  return stageOf(name, { ...place().options, ...over });
}

const actionOf = ({ candidateId, runId }: SampleRun, name: string) =>
  `${candidateId}.${name}.${runId}`;

/** Runs shadow-paper; gives what it put, for the stage after. */
async function afterShadow(run: SampleRun) {
  const context = contextOf(run, "shadow-paper");
  await stage("shadow-paper")(context);
  return outputsOf(context);
}

test("J4: shadow-paper merges L0 once, sees it run with its order, and gives the same artifacts again", async () => {
  const { git, brokerOf, options } = place();
  const run = await sampleRun({ target: "paper" });
  const context = contextOf(run, "shadow-paper");
  const outcome = await stage("shadow-paper")(context);
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const report = context.outputJson("gates/shadow-paper.json", ShadowPaperReport);
  const seen = await fetch(`${options.engineUrl}/strategies/${run.candidateId}`, AS_READER);
  const running = RunningStrategy.parse(await seen.json());
  expect(running).toMatchObject({
    hash: report.configHash,
    level: "L0",
    notional: 5000,
    settled: true,
  });
  const observed = context.outputJson("observed/shadow-paper-rollout.json", ObservedRollout);
  const orders = await brokerOf(run.candidateId).listOrders();
  expect(observed.changes[0]?.orders).toEqual(orders.map((order) => order.client_order_id));
  expect(orders).toHaveLength(1);
  expect(observed.changes[0]).toMatchObject({
    effect: "done",
    level: "L0",
    commit: running.commit,
  });
  const patch = new TextDecoder().decode(context.outputs.get(PATCH));
  expect(git("show", `main:${strategyPath(run.candidateId)}`)).toBe(patch.trim());

  const again = contextOf(
    run,
    "shadow-paper",
    {},
    { attempt: 2, now: () => new Date("2026-03-01T00:00:00Z") },
  );
  expect(await stage("shadow-paper")(again)).toEqual(outcome);
  expect(lastingOutputs(again)).toEqual(lastingOutputs(context));
  expect(commitsOf(git, actionOf(run, "shadow-paper"))).toHaveLength(1);
  expect(git("branch", "--list", `*${run.runId}`).split("\n")).toHaveLength(1);
  expect(await brokerOf(run.candidateId).listOrders()).toHaveLength(1);
});

test("a candidate that targets shadow runs without orders and stays at L0 at live-ramp, without approval", async () => {
  const { git, brokerOf } = place();
  const run = await sampleRun({ target: "shadow" });
  const shadow = await afterShadow(run);
  expect(await brokerOf(run.candidateId).listOrders()).toEqual([]);
  const main = git("rev-parse", "main");
  const context = contextOf(run, "live-ramp", shadow);
  expect(await stage("live-ramp")(context)).toMatchObject({ verdict: "pass" });
  expect(context.outputJson("gates/live-ramp.json", LiveRampReport)).toMatchObject({
    level: "L0",
    steps: [],
    rolledBack: false,
  });
  expect(git("rev-parse", "main")).toBe(main);
});

test("nothing is rolled out on a gate that didn't pass or under a kill switch", async () => {
  const { git, brokerOf } = place();
  const run = await sampleRun();
  const main = git("rev-parse", "main");
  const failed = { ...passed(run, "policy-dry-run"), verdict: "fail" };
  const context = contextOf(run, "shadow-paper", { "gates/policy-dry-run.json": failed });
  await expect(stage("shadow-paper")(context)).rejects.toMatchObject({
    code: "E_GATE_NOT_PASSED",
    class: "policy",
  });
  const who = { scope: "account", by: "tester", reason: "drill" } as const;
  await brokerOf(run.candidateId).killSwitch.engage(who);
  await expect(stage("shadow-paper")(contextOf(run, "shadow-paper"))).rejects.toMatchObject({
    code: "E_ACCOUNT_SWITCH",
    class: "policy",
  });
  expect(git("rev-parse", "main")).toBe(main);
});

test("data that isn't what was declared is never rolled out", async () => {
  const run = await sampleRun();
  const manifest = Object(run.inputs["research/dataset-manifest.json"]);
  const [dataset] = manifest.datasets;
  const altered = { ...manifest, datasets: [{ ...dataset, sha256: sha256("other") }] };
  const context = contextOf(run, "shadow-paper", { "research/dataset-manifest.json": altered });
  await expect(stage("shadow-paper")(context)).rejects.toMatchObject({
    code: "E_DATA_CHANGED",
    class: "deterministic",
  });
});

test("shadow-paper waits for an engine that is away, and then finds its merge", async () => {
  const { git } = place();
  const run = await sampleRun();
  const blind = { engineUrl: "http://127.0.0.1:1", verifyMs: 100 };
  await expect(stage("shadow-paper", blind)(contextOf(run, "shadow-paper"))).rejects.toMatchObject({
    code: "E_ENGINE_UNAVAILABLE",
    class: "transient",
  });
  const context = contextOf(run, "shadow-paper", {}, { attempt: 2 });
  expect(await stage("shadow-paper")(context)).toMatchObject({ verdict: "pass" });
  const observed = context.outputJson("observed/shadow-paper-rollout.json", ObservedRollout);
  expect(observed.changes[0]?.effect).toBe("already");
  expect(commitsOf(git, actionOf(run, "shadow-paper"))).toHaveLength(1);
});

test("a live ramp needs an approval of this very run", async () => {
  const run = await sampleRun({ target: "live" });
  const shadow = await afterShadow(run);
  const other = { ...approvalOf(run), runId: "run-another" };
  for (const approvals of [[], [other], [{ ...approvalOf(run), stage: "candidate-build" }]])
    await expect(
      stage("live-ramp")(contextOf(run, "live-ramp", shadow, { approvals })),
    ).rejects.toMatchObject({ code: "E_APPROVAL_MISSING", class: "policy" });
});

test("J4: a live ramp raises the limit in three steps, each with its order, and repeats nothing", async () => {
  const { git, brokerOf } = place();
  const run = await sampleRun({ target: "live" });
  const shadow = await afterShadow(run);
  const approvals = [approvalOf(run)];
  const context = contextOf(run, "live-ramp", shadow, { approvals });
  const outcome = await stage("live-ramp")(context);
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const report = context.outputJson("gates/live-ramp.json", LiveRampReport);
  expect(report).toMatchObject({ level: "L3", rolledBack: false });
  expect(report.steps.map(({ level, notional, verified }) => [level, notional, verified])).toEqual([
    ["L1", 10_000, true],
    ["L2", 50_000, true],
    ["L3", 100_000, true],
  ]);
  const observed = context.outputJson("observed/live-ramp-rollout.json", ObservedRollout);
  expect(observed.changes.map(({ orders }) => orders.length)).toEqual([1, 1, 1]);
  const orders = await brokerOf(run.candidateId).listOrders();
  expect(orders.map(({ side }) => side)).toEqual(["buy", "buy", "buy", "buy"]);
  const [position] = await brokerOf(run.candidateId).positions();
  expect(Number(position?.qty) * 2615.72).toBeCloseTo(100_000, 1);

  const again = contextOf(run, "live-ramp", shadow, { approvals, attempt: 2 });
  expect(await stage("live-ramp")(again)).toEqual(outcome);
  expect(lastingOutputs(again)).toEqual(lastingOutputs(context));
  for (const level of ["L1", "L2", "L3"])
    expect(commitsOf(git, `${actionOf(run, "live-ramp")}.${level}`)).toHaveLength(1);
  expect(await brokerOf(run.candidateId).listOrders()).toHaveLength(4);
});

test("J4: a step that doesn't come to run is rolled back to L0, once, timed, and never ramped again", async () => {
  const { git, brokerOf } = place();
  const run = await sampleRun({ target: "live" });
  const shadow = await afterShadow(run);
  const approvals = [approvalOf(run)];
  const over = { engineUrl: await unsettledAt(place().options.engineUrl, ["L2"]), verifyMs: 1500 };
  const context = contextOf(run, "live-ramp", shadow, { approvals });
  expect(await stage("live-ramp", over)(context)).toMatchObject({ verdict: "fail" });
  const report = context.outputJson("gates/live-ramp.json", LiveRampReport);
  expect(report).toMatchObject({ level: "L0", rolledBack: true });
  expect(report.steps.map(({ level, verified }) => [level, verified])).toEqual([
    ["L1", true],
    ["L2", false],
  ]);
  const { rollback } = context.outputJson("observed/live-ramp-rollout.json", ObservedRollout);
  expect(rollback).toMatchObject({
    reason: expect.stringContaining("the order is refused"),
    change: { level: "L0", effect: "done", verifyMs: expect.any(Number) },
  });
  const patch = new TextDecoder().decode(context.outputs.get(PATCH) ?? Object(shadow)[PATCH]);
  expect(git("show", `main:${strategyPath(run.candidateId)}`)).toBe(patch.trim());
  const [position] = await brokerOf(run.candidateId).positions();
  expect(Number(position?.qty) * 2615.72).toBeCloseTo(5000, 1);

  const again = contextOf(run, "live-ramp", shadow, { approvals, attempt: 2 });
  expect(await stage("live-ramp")(again)).toMatchObject({ verdict: "fail" });
  expect(lastingOutputs(again)).toEqual(lastingOutputs(context));
  expect(commitsOf(git, `${actionOf(run, "live-ramp")}.rollback`)).toHaveLength(1);
  expect(commitsOf(git, `${actionOf(run, "live-ramp")}.L3`)).toEqual([]);
});

test("J7: a kill switch that is engaged before the ramp stops it, and nothing moves", async () => {
  const { git, brokerOf } = place();
  const run = await sampleRun({ target: "live" });
  const shadow = await afterShadow(run);
  const who = { scope: "account", by: "tester", reason: "drill" } as const;
  await brokerOf(run.candidateId).killSwitch.engage(who);
  const main = git("rev-parse", "main");
  const approvals = [approvalOf(run)];
  await expect(
    stage("live-ramp")(contextOf(run, "live-ramp", shadow, { approvals })),
  ).rejects.toMatchObject({ code: "E_ACCOUNT_SWITCH", class: "policy" });
  expect(git("rev-parse", "main")).toBe(main);
});

test("a limit that someone changed on main in between is not overwritten", async () => {
  const { git, options } = place();
  const run = await sampleRun({ target: "live" });
  const shadow = await afterShadow(run);
  const branch = `codex/torghut-v3-f-20260105-${run.runId}`;
  const path = strategyPath(run.candidateId);
  const stopped = git("show", `main:${path}`).replace(`"enabled":true`, `"enabled":false`);
  {
    await using tree = await openWorktree({ ...options, branch });
    const files = { [path]: stopped };
    const expectedHead = await tree.commitFiles({ files, message: "Stop it" });
    await tree.push();
    const stageRun = actionOf(run, "incident-recovery");
    const subject = "Stop it";
    await mergeOnce({
      ...options,
      branch,
      into: "main",
      stageRun,
      expectedHead,
      owned: [path],
      subject,
    });
  }
  const approvals = [approvalOf(run)];
  await expect(
    stage("live-ramp")(contextOf(run, "live-ramp", shadow, { approvals })),
  ).rejects.toMatchObject({ code: "E_ROLLOUT_CONFLICT", class: "policy" });
  expect(git("show", `main:${path}`)).toBe(stopped);
});
