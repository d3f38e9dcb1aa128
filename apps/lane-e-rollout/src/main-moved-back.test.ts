/** Main is moved back under a ramp: the engine increases nothing, which is no failure of what it stops. */
import { LiveRampReport, RunningStrategies } from "@baton/artifacts";
import { AS_READER, eventually } from "@baton/testkit";
import { expect, onTestFinished, test, vi } from "vitest";

import { approvalOf, commitsOf, contextOf, outputsOf, sharedPlace } from "./testing/place.ts";
import { sampleRun } from "./testing/sample-run.ts";
import { stageOf } from "./testing/stage-of.ts";

// Real git, engine and broker: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const place = sharedPlace();

const mainLost = async () => {
  const answer = await fetch(`${place().options.engineUrl}/strategies`, AS_READER);
  return RunningStrategies.parse(await answer.json()).mainLost ?? null;
};
const head = (): string => place().git("rev-parse", "main");
const moveMain = (to: string) => place().git("update-ref", "refs/heads/main", to);

/** A mesh at whose n-th look at its controls main is moved back to `to`; `forth` is where it was. */
function movingBackAt(look: number, to: string) {
  const { mesh, options } = place();
  let looks = 0;
  const moved = { forth: "" };
  const last = async () => {
    looks += 1;
    if (looks === look) {
      moved.forth = head();
      moveMain(to);
      await eventually(async () => (await mainLost()) !== null, {
        what: "the engine says that main is lost",
      });
    }
    return mesh.mesh.controls.last();
  };
  return { moved, mesh: { ...options.mesh, controls: { ...options.mesh.controls, last } } };
}

test.each([
  ["before L1 is merged", 1, [0, 0, 0]],
  ["before L2 is merged", 3, [1, 0, 0]],
  ["while L2 is waited for", 4, [1, 1, 0]],
] as const)(
  "a ramp under which main is moved back %s waits at its level, and goes on by itself when main is back",
  async (_, look, merged) => {
    const { git, brokerOf, options } = place();
    const run = await sampleRun({ target: "live" });
    const before = head();
    const shadow = contextOf(run, "shadow-paper");
    await stageOf("shadow-paper", options)(shadow);
    const inputs = outputsOf(shadow);
    const approvals = [approvalOf(run)];
    const { moved, mesh } = movingBackAt(look, before);
    onTestFinished(() => void (head() === before && moved.forth !== "" && moveMain(moved.forth)));
    const stopped = contextOf(run, "live-ramp", inputs, { approvals });
    await expect(
      stageOf("live-ramp", { ...options, mesh, verifyMs: 1500 })(stopped),
    ).rejects.toMatchObject({
      code: "E_MAIN_RESET",
      class: "transient",
    });
    expect(head()).toBe(before);
    expect(await mainLost()).not.toBeNull();
    // Tried again meanwhile, as the lane does: nothing is put on such a main.
    const tried = contextOf(run, "live-ramp", inputs, { approvals, attempt: 2 });
    await expect(stageOf("live-ramp", options)(tried)).rejects.toMatchObject({
      code: "E_MAIN_RESET",
    });
    expect(head()).toBe(before);

    moveMain(moved.forth);
    const action = `${run.candidateId}.live-ramp.${run.runId}`;
    const of = (step: string) => commitsOf(git, `${action}.${step}`).length;
    expect(["L1", "L2", "L3"].map(of)).toEqual(merged);
    await eventually(async () => (await mainLost()) === null, { what: "main goes on" });
    const again = contextOf(run, "live-ramp", inputs, { approvals, attempt: 3 });
    expect(await stageOf("live-ramp", options)(again)).toMatchObject({ verdict: "pass" });
    const report = again.outputJson("gates/live-ramp.json", LiveRampReport);
    expect(report).toMatchObject({ level: "L3", rolledBack: false });
    expect(["L1", "L2", "L3", "rollback"].map(of)).toEqual([1, 1, 1, 0]);
    const [position] = await brokerOf(run.candidateId).positions();
    expect(Number(position?.qty) * 2615.72).toBeCloseTo(100_000, 1);
  },
);

test("shadow-paper isn't rolled out on a main that was moved back, and waits", async () => {
  const { options } = place();
  const first = await sampleRun({ target: "paper" });
  const before = head();
  await stageOf("shadow-paper", options)(contextOf(first, "shadow-paper"));
  const forth = head();
  moveMain(before);
  onTestFinished(() => void moveMain(forth));
  await eventually(async () => (await mainLost()) !== null, { what: "main is lost" });
  const run = await sampleRun({ target: "paper" });
  await expect(
    stageOf("shadow-paper", options)(contextOf(run, "shadow-paper")),
  ).rejects.toMatchObject({ code: "E_MAIN_RESET", class: "transient" });
  expect(head()).toBe(before);
});
