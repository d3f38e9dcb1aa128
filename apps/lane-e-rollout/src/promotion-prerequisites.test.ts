import { PromotionPrerequisites } from "@baton/artifacts";
import { eventually } from "@baton/testkit";
import { expect, test, vi } from "vitest";

import { promotionPrerequisites } from "./promotion-prerequisites.ts";
import type { RolloutOptions } from "./rollout-options.ts";
import { contextOf, lastingOutputs, pushedStrategy, sharedPlace } from "./testing/place.ts";
import { passed, type SampleRun, sampleRun, sha256 } from "./testing/sample-run.ts";

// Real git, engine and broker: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const place = sharedPlace();

const check = (
  context: Parameters<typeof promotionPrerequisites>[0],
  over: Partial<RolloutOptions> = {},
) => promotionPrerequisites(context, { ...place().options, ...over });

test("prerequisites pass when everything is in place, and change nothing", async () => {
  const { options, git } = place();
  const run = await sampleRun();
  const build = await pushedStrategy(options, run);
  const before = git("rev-parse", "main");
  const context = contextOf(run, "promotion-prerequisites", { "observed/build.json": build });
  const outcome = await check(context);
  const report = context.outputJson("gates/promotion-prerequisites.json", PromotionPrerequisites);
  expect(report.gates.filter(({ status }) => status !== "pass")).toEqual([]);
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  expect(git("rev-parse", "main")).toBe(before);
  const again = contextOf(run, "promotion-prerequisites", { "observed/build.json": build });
  await check(again);
  expect(lastingOutputs(again)).toEqual(lastingOutputs(context));
});

test.each([
  [
    "gate-evaluation",
    (run: SampleRun) => ({
      "gates/gate-evaluation.json": {
        ...passed(run, "gate-evaluation"),
        gates: [{ gateId: "gate1", status: "fail", reasons: ["drawdown"] }],
      },
    }),
    /gate1 drawdown/,
  ],
  [
    "lineage",
    (run: SampleRun) => ({
      "build/plugin.json": {
        ...Object(run.inputs["build/plugin.json"]),
        sourceSha256: sha256("x"),
      },
    }),
    /isn't the built one/,
  ],
  [
    "strategy-branch",
    () => ({
      "observed/build.json": {
        branch: "codex/torghut-v3-b-20260105-run-elsewhere",
        commit: "f".repeat(40),
      },
    }),
    /head of/,
  ],
  [
    "strategy-branch",
    () => ({ "observed/build.json": { branch: "main", commit: "f".repeat(40) } }),
    /branch: codex/,
  ],
] as const)("prerequisites fail at %s when it isn't in order", async (gateId, more, reason) => {
  const run = await sampleRun();
  const build = await pushedStrategy(place().options, run);
  const context = contextOf(run, "promotion-prerequisites", {
    "observed/build.json": build,
    ...more(run),
  });
  expect(await check(context)).toMatchObject({ verdict: "fail" });
  const { gates } = context.outputJson(
    "gates/promotion-prerequisites.json",
    PromotionPrerequisites,
  );
  expect(gates.find((gate) => gate.gateId === gateId)).toMatchObject({
    status: "fail",
    reasons: expect.arrayContaining([expect.stringMatching(reason)]),
  });
});

test("a gate report about another candidate isn't read at all", async () => {
  const run = await sampleRun();
  const other = passed({ ...run, candidateId: "cand-another" }, "gate-evaluation");
  const context = contextOf(run, "promotion-prerequisites", {
    "gates/gate-evaluation.json": other,
  });
  await expect(check(context)).rejects.toMatchObject({ code: "E_LINEAGE", class: "policy" });
});

test("prerequisites notice that another source was pushed than was built, and a missing artifact", async () => {
  const run = await sampleRun();
  const build = await pushedStrategy(place().options, run, "export const other = 1;\n");
  const context = contextOf(run, "promotion-prerequisites", { "observed/build.json": build });
  await check(context);
  const { gates } = context.outputJson(
    "gates/promotion-prerequisites.json",
    PromotionPrerequisites,
  );
  expect(gates.find(({ gateId }) => gateId === "strategy-branch")?.reasons[0]).toMatch(/hashes to/);
  delete run.inputs["gates/stress-metrics-v1.json"];
  const incomplete = contextOf(run, "promotion-prerequisites", { "observed/build.json": build });
  expect(await check(incomplete)).toMatchObject({ verdict: "fail" });
});

test("J7: under the mesh's kill switch they wait, and pass after its release", async () => {
  const { options, mesh, brokerOf } = place();
  const run = await sampleRun();
  const build = await pushedStrategy(options, run);
  const context = () => contextOf(run, "promotion-prerequisites", { "observed/build.json": build });
  await mesh.control({ type: "kill-switch", by: "ann", why: "orders look odd" });
  const stopped = context();
  await expect(check(stopped)).rejects.toMatchObject({
    class: "policy",
    code: "E_KILL_SWITCH",
    message: expect.stringMatching(/by ann: orders look odd/),
  });
  expect(stopped.outputs.size).toBe(0);
  for (const by of ["ann", "ben"]) await mesh.control({ type: "release-kill-switch", by });
  await eventually(async () => !(await brokerOf("paper").killSwitch.get()).mesh.engaged, {
    what: "the broker's hold is released",
    withinMs: 15_000,
  });
  expect(await check(context())).toMatchObject({ kind: "done", verdict: "pass" });
});

test("a kill switch that people engaged at the broker is left to a person", async () => {
  const { options, brokerOf } = place();
  const run = await sampleRun();
  const build = await pushedStrategy(options, run);
  const context = contextOf(run, "promotion-prerequisites", { "observed/build.json": build });
  const who = { scope: "all", by: "ops", reason: "test" } as const;
  await brokerOf("paper").killSwitch.engage(who);
  try {
    expect(await check(context)).toMatchObject({ kind: "done", verdict: "inconclusive" });
  } finally {
    await brokerOf("paper").killSwitch.release(who);
  }
});

test.each([
  ["engine", { engineUrl: "http://127.0.0.1:1" }, "E_ENGINE_UNAVAILABLE"],
  ["broker", { broker: { url: "http://127.0.0.1:1", token: "t" } }, "E_BROKER_UNAVAILABLE"],
] as const)("a missing %s is a transient failure, not a verdict", async (_, over, code) => {
  const run = await sampleRun();
  const build = await pushedStrategy(place().options, run);
  const context = contextOf(run, "promotion-prerequisites", { "observed/build.json": build });
  await expect(check(context, over)).rejects.toMatchObject({
    code,
    class: "transient",
  });
});
