import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { LiveRampReport } from "@baton/artifacts";
import { createStageContext, temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test } from "vitest";

import { rolloutLane } from "./lane.ts";
import { dispatched, writingDown } from "./testing/dispatched.ts";
import { approvalOf, commitsOf, contextOf, outputsOf, sharedPlace } from "./testing/place.ts";
import { sampleRun } from "./testing/sample-run.ts";
import { stageOf } from "./testing/stage-of.ts";

const place = sharedPlace();
const program = fileURLToPath(new URL("testing/live-ramp-child.ts", import.meta.url));

/** Runs the ramp in a process that is killed after `afterMs`; true if it had ended by itself before. */
async function rampAndKill(file: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [program, file], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const first = await Promise.race([delay(afterMs, "time"), ended.then(() => "ended")]);
  child.kill("SIGKILL");
  await ended;
  return first === "ended";
}

test(
  "J4, J8: a ramp killed at random moments merges each step once, with one order each",
  { timeout: 120_000 },
  async () => {
    const { options, git, brokerOf, mesh } = place();
    const folder = temporaryFolder("ramp");
    onTestFinished(() => folder.remove());
    const run = await sampleRun({ target: "live" });
    const shadow = contextOf(run, "shadow-paper");
    const { stages } = rolloutLane(options);
    await stageOf("shadow-paper", options)(shadow);
    const texts = Object.fromEntries(
      Object.entries({ ...run.promoted, ...outputsOf(shadow) }).map(([name, value]) => [
        name,
        value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
      ]),
    );
    const context = {
      lane: "lane-e",
      stage: "live-ramp",
      spec: run.spec,
      candidateId: run.candidateId,
      runId: run.runId,
      inputs: { ...run.inputs, ...texts },
      approvals: [approvalOf(run)],
    };
    const file = join(folder.path, "ramp.json");
    writeFileSync(file, JSON.stringify({ natsUrl: mesh.nats.url, options, context }));
    await dispatched(createStageContext({ ...context, lane: "lane-e" }));
    let kills = 0;
    for (let ended = false; !ended && kills < 9; kills += 1)
      ended = await rampAndKill(file, Math.random() * 800);
    const last = contextOf(run, "live-ramp", texts, { approvals: [approvalOf(run)] });
    expect(await stages["live-ramp"]?.(writingDown(last))).toMatchObject({ verdict: "pass" });
    expect(last.outputJson("gates/live-ramp.json", LiveRampReport)).toMatchObject({ level: "L3" });
    const action = `${run.candidateId}.live-ramp.${run.runId}`;
    for (const level of ["L1", "L2", "L3"])
      expect(commitsOf(git, `${action}.${level}`)).toHaveLength(1);
    expect(commitsOf(git, `${action}.rollback`)).toEqual([]);
    const orders = await brokerOf(run.candidateId).listOrders();
    expect(orders).toHaveLength(4);
    expect(new Set(orders.map((order) => order.client_order_id)).size).toBe(4);
    expect(git("fsck", "--strict")).not.toMatch(/error|missing/);
  },
);
