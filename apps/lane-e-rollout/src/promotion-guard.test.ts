import { LiveRampReport, PromotionPrerequisites } from "@baton/artifacts";
import { fenceOnce } from "@baton/gitops";
import { StageFailure } from "@baton/lanekit";
import { eventually } from "@baton/testkit";
import { afterEach, expect, test, vi } from "vitest";

import { promotionPrerequisites } from "./promotion-prerequisites.ts";
import type { RolloutOptions } from "./rollout-options.ts";
import { awaited } from "./testing/mesh-reader.ts";
import {
  approvalOf,
  commitsOf,
  contextOf,
  outputsOf,
  pushedStrategy,
  sharedPlace,
} from "./testing/place.ts";
import { type SampleRun, sampleRun } from "./testing/sample-run.ts";
import { stageOf } from "./testing/stage-of.ts";
import { unsettledAt } from "./testing/unsettled-engine.ts";

// Real git, engine and broker: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const place = sharedPlace();

async function stage(name: string, over: Partial<RolloutOptions>, ...of: StageOf) {
  const work = stageOf(name, { ...place().options, ...over });
  const [run, more, options] = of;
  const context = contextOf(run, name, more, options);
  return { context, outcome: await work(context) };
}
type StageOf = [SampleRun, Record<string, unknown>?, Parameters<typeof contextOf>[3]?];

const who = { by: "ann", why: "orders look odd" };

/** Everything that a test engaged or opened is over. */
afterEach(async () => {
  const { mesh } = place();
  const controls = (await mesh.mesh.controls.last())?.controls;
  if (controls?.killSwitch)
    for (const by of ["ann", "ben"]) await mesh.control({ type: "release-kill-switch", by });
  for (const { id: incidentId } of controls?.incidents ?? [])
    await mesh.control({ type: "close-incident", by: "ann", incidentId });
  for (const { id: taskId } of controls?.tasks ?? [])
    await mesh.control({ type: "close-task", by: "ann", taskId, commit: "0".repeat(40) });
  const { brokerOf } = place();
  await eventually(async () => !(await brokerOf("paper").killSwitch.get()).engaged, {
    what: "the broker's switch is released",
  });
});

/** Opens an incident with an emergency on another strategy; the incident is closed, the task stays. */
async function leaveTask(scope: string) {
  const { control } = place().mesh;
  const on = { kind: "candidate", candidateId: scope };
  const opened = await control({ type: "incident", class: "C", scope: on, ...who });
  const incidentId = opened.controls.incidents.at(-1)?.id;
  const ticket = { incidentId, ticket: "OPS-1", scope, seconds: 60 };
  const { controls } = await control({ type: "emergency", ...ticket, ...who });
  await control({ type: "close-incident", by: "ann", incidentId });
  return controls.tasks.at(-1)?.id ?? "";
}

const incidentOn = async (scope: object) => {
  const { controls } = await place().mesh.control({
    type: "incident",
    class: "B",
    scope,
    ...who,
  });
  return controls.incidents.at(-1)?.id;
};

test.each<[string, string, RegExp, (run: SampleRun) => Promise<unknown>]>([
  [
    "an engaged kill switch",
    "E_KILL_SWITCH",
    /kill switch is engaged since .* by ann: orders look odd/,
    () => place().mesh.control({ type: "kill-switch", ...who }),
  ],
  [
    "an incident on the candidate",
    "E_FROZEN",
    /inc-[0-9a-f]{12} of class B is open since .* by ann/,
    ({ candidateId }) => incidentOn({ kind: "candidate", candidateId }),
  ],
  [
    "an incident on the lane",
    "E_FROZEN",
    /class B is open/,
    () => incidentOn({ kind: "lane", lane: "lane-e" }),
  ],
  ["an incident on all", "E_FROZEN", /class B is open/, () => incidentOn({ kind: "all" })],
  [
    "a change of another strategy that isn't in Git",
    "E_GIT_TASK",
    /cand-elsewhere was changed outside Git .* under OPS-1: task-[0-9a-f]{12} is open/,
    () => leaveTask("cand-elsewhere"),
  ],
])("J7: %s stops a promotion before it changes anything", async (_, code, message, stop) => {
  const run = await sampleRun();
  const main = place().git("rev-parse", "main");
  await stop(run);
  await expect(stage("shadow-paper", {}, run)).rejects.toMatchObject({
    code,
    class: "policy",
    message: expect.stringMatching(message),
    action: expect.stringContaining("baton"),
  });
  expect(place().git("rev-parse", "main")).toBe(main);
});

test("an incident on something else, and the one that it recovers from, stop nothing", async () => {
  const run = await sampleRun();
  await incidentOn({ kind: "lane", lane: "lane-a" });
  await incidentOn({ kind: "candidate", candidateId: "cand-elsewhere" });
  const id = (await incidentOn({ kind: "candidate", candidateId: run.candidateId })) ?? "";
  const { mesh } = place().options;
  const incident = { id, class: "B" as const, ticket: null, before: [] };
  const journal = { last: async (of: string) => awaited(of, { incident }) };
  const { outcome } = await stage("shadow-paper", { mesh: { ...mesh, journal } }, run);
  expect(outcome).toMatchObject({ verdict: "pass" });
});

test("a mesh that can't be asked stops a promotion for the moment", async () => {
  const run = await sampleRun();
  const { mesh } = place().options;
  const last = async () => {
    throw new Error("no answer");
  };
  const controls = { ...mesh.controls, last };
  await expect(stage("shadow-paper", { mesh: { ...mesh, controls } }, run)).rejects.toMatchObject({
    code: "E_UNAVAILABLE",
    class: "transient",
  });
});

test("an attempt that is superseded while it prepares its merge doesn't merge", async () => {
  const { git, options } = place();
  const run = await sampleRun();
  let looks = 0;
  const journal = {
    last: async (of: string) => {
      looks += 1;
      // The second look is the one right before the merge.
      return { ...awaited(of), sequence: looks < 2 ? 1 : 2 };
    },
  };
  const mesh = { ...options.mesh, journal };
  await expect(stage("shadow-paper", { mesh }, run)).rejects.toMatchObject({
    code: "E_SUPERSEDED",
    class: "policy",
  });
  expect(looks).toBe(2);
  expect(commitsOf(git, `${run.candidateId}.shadow-paper.${run.runId}`)).toEqual([]);
});

test("an attempt that is superseded right after its last look meets recovery's fence", async () => {
  const { git, options } = place();
  const run = await sampleRun();
  let looks = 0;
  const journal = {
    last: async (of: string) => {
      looks += 1;
      const stageRun = `${run.candidateId}.incident-recovery.${run.runId}.fence`;
      // The look says that it's awaited; by the time that it pushes, recovery has taken over.
      if (looks === 2) await fenceOnce({ ...options, stageRun, dispatch: 2 });
      return awaited(of);
    },
  };
  const mesh = { ...options.mesh, journal };
  await expect(stage("shadow-paper", { mesh }, run)).rejects.toMatchObject({
    code: "E_GIT_FENCED",
    class: "policy",
  });
  expect(commitsOf(git, `${run.candidateId}.shadow-paper.${run.runId}`)).toEqual([]);
});

/** A mesh that engages the switch at the n-th look at its controls: two before L1's merge and its verification, and so on. */
function engagingAt(look: number) {
  const { mesh, options } = place();
  let looks = 0;
  const last = async () => {
    looks += 1;
    if (looks === look) await mesh.control({ type: "kill-switch", ...who });
    return mesh.mesh.controls.last();
  };
  return { ...options.mesh, controls: { ...options.mesh.controls, last } };
}

async function releasedByTwo(): Promise<void> {
  const { mesh, brokerOf } = place();
  for (const by of ["ben", "cleo"])
    await mesh.control({ type: "release-kill-switch", by, why: "it is well" });
  await eventually(async () => !(await brokerOf("paper").killSwitch.get()).engaged, {
    what: "the broker's switch is released",
  });
}

const levelsOf = (
  git: (...args: string[]) => string,
  run: { candidateId: string },
  runId: string,
) =>
  ["L1", "L2", "L3", "rollback"].map(
    (step) => commitsOf(git, `${run.candidateId}.live-ramp.${runId}.${step}`).length,
  );

test.each([
  ["before L1 is merged", 1, [0, 0, 0, 0]],
  ["while L1 is waited for", 2, [1, 0, 0, 0]],
  ["before L2 is merged", 3, [1, 0, 0, 0]],
  ["while L2 is waited for", 4, [1, 1, 0, 0]],
  ["while L3 is waited for", 6, [1, 1, 1, 0]],
] as const)(
  "J7: a ramp that the kill switch meets %s stays at its level, and the run after the release goes on from there",
  async (_, look, merged) => {
    const { git, brokerOf } = place();
    const run = await sampleRun({ target: "live" });
    const shadow = outputsOf((await stage("shadow-paper", {}, run)).context);
    const approvals = [approvalOf(run)];
    const over = { mesh: engagingAt(look), verifyMs: 1500 };
    const end = await stage("live-ramp", over, run, shadow, { approvals }).then(
      ({ outcome }) => outcome.kind,
      (error: unknown) => (error instanceof StageFailure ? error.code : String(error)),
    );
    // The last level's order may have been faster than the switch; then there is no level after it.
    const possible = merged[2] === 1 ? ["done", "E_KILL_SWITCH"] : ["E_KILL_SWITCH"];
    expect(possible).toContain(end);
    expect(levelsOf(git, run, run.runId)).toEqual(merged);
    await releasedByTwo();

    const again = { ...run, runId: `${run.runId.slice(0, -1)}z` };
    const next = [{ ...approvalOf(run), runId: again.runId }];
    const { context, outcome } = await stage("live-ramp", {}, again, shadow, {
      approvals: next,
      inputsOf: run.runId,
    });
    expect(outcome).toMatchObject({ verdict: "pass" });
    const report = context.outputJson("gates/live-ramp.json", LiveRampReport);
    expect(report).toMatchObject({ level: "L3", rolledBack: false });
    expect(report.steps.map(({ level, verified }) => [level, verified])).toEqual([
      ["L1", true],
      ["L2", true],
      ["L3", true],
    ]);
    const rest = merged.slice(0, 3).map((count) => 1 - count);
    expect(levelsOf(git, again, again.runId)).toEqual([...rest, 0]);
    const [position] = await brokerOf(run.candidateId).positions();
    expect(Number(position?.qty) * 2615.72).toBeCloseTo(100_000, 1);
  },
);

test("a run that took up an earlier one's levels takes them all back if it fails", async () => {
  const { git, brokerOf } = place();
  const run = await sampleRun({ target: "live" });
  const shadow = outputsOf((await stage("shadow-paper", {}, run)).context);
  const approvals = [approvalOf(run)];
  const over = { mesh: engagingAt(5), verifyMs: 1500 };
  await expect(stage("live-ramp", over, run, shadow, { approvals })).rejects.toMatchObject({
    code: "E_KILL_SWITCH",
  });
  await releasedByTwo();
  const again = { ...run, runId: `${run.runId.slice(0, -1)}z` };
  const next = [{ ...approvalOf(run), runId: again.runId }];
  const engineUrl = await unsettledAt(place().options.engineUrl, ["L1", "L2", "L3"]);
  const { outcome } = await stage("live-ramp", { engineUrl, verifyMs: 1500 }, again, shadow, {
    approvals: next,
    inputsOf: run.runId,
  });
  expect(outcome).toMatchObject({ verdict: "fail" });
  expect(levelsOf(git, again, again.runId)).toEqual([0, 0, 0, 1]);
  await eventually(
    async () =>
      Math.round(Number((await brokerOf(run.candidateId).positions())[0]?.qty) * 2615.72) === 5000,
    { what: "it is at L0 again" },
  );
});

test("a task that was closed with a commit that main doesn't have fails the prerequisites", async () => {
  const { git, mesh, options } = place();
  const run = await sampleRun();
  const build = await pushedStrategy(options, run);
  const gate = async () => {
    const context = contextOf(run, "promotion-prerequisites", { "observed/build.json": build });
    await promotionPrerequisites(context, options);
    const { gates } = context.outputJson(
      "gates/promotion-prerequisites.json",
      PromotionPrerequisites,
    );
    return gates.find(({ gateId }) => gateId === "git-tasks");
  };
  const close = async (scope: string, commit: string) =>
    mesh.control({ type: "close-task", by: "ann", taskId: await leaveTask(scope), commit });
  await close("cand-elsewhere", "1".repeat(40));
  await close(run.candidateId, git("rev-parse", "main"));
  expect(await gate()).toMatchObject({ status: "pass" });
  await close(run.candidateId, "2".repeat(40));
  expect(await gate()).toMatchObject({
    status: "fail",
    reasons: [expect.stringMatching(/^git_task_not_on_main: task-[0-9a-f]{12} was closed with 2/)],
  });
});
