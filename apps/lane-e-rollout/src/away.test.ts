/** Engine or broker away in the middle of a rollout: real ones, behind a door that is shut for a while. */
import { LiveRampReport, ObservedRollout } from "@baton/artifacts";
import { serve } from "@hono/node-server";
import { expect, onTestFinished, test, vi } from "vitest";

import type { RolloutOptions } from "./rollout-options.ts";
import { approvalOf, commitsOf, contextOf, outputsOf, sharedPlace } from "./testing/place.ts";
import { sampleRun } from "./testing/sample-run.ts";
import { stageOf } from "./testing/stage-of.ts";

// Real git, engine and broker: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const place = sharedPlace();

/** The service at `url`, but what is asked for under `shut` is answered `times` times only. */
async function behindDoor(url: string, { shut, times }: { shut: string; times: number }) {
  let left = times;
  const server = serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      if (pathname.startsWith(shut) && (left -= 1) < 0) return new Response("", { status: 503 });
      const authorization = request.headers.get("authorization");
      return fetch(`${url}${pathname}${search}`, {
        headers: authorization === null ? {} : { authorization },
      });
    },
  });
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

/** It is asked once before anything is merged. */
const engineAway = async (): Promise<Partial<RolloutOptions>> => ({
  engineUrl: await behindDoor(place().options.engineUrl, { shut: "/strategies", times: 1 }),
});

const brokerAway = async (): Promise<Partial<RolloutOptions>> => {
  const { broker } = place().options;
  const url = await behindDoor(broker.url, { shut: "/v2/positions", times: 0 });
  return { broker: { ...broker, url } };
};

test.each([
  ["engine", engineAway, "E_ENGINE_UNAVAILABLE"],
  ["broker", brokerAway, "E_BROKER_UNAVAILABLE"],
] as const)(
  "J4: while the %s is away a rollout waits at its level: nothing is rolled back, and it ends at L3",
  async (_, away, code) => {
    const { git, options } = place();
    const run = await sampleRun({ target: "live" });
    const actionOf = (name: string) => `${run.candidateId}.${name}.${run.runId}`;
    // Time enough for the engine to get there: then it is known that nobody can be asked, and not that it was late.
    const shut = async () => ({ ...options, ...(await away()), verifyMs: 4000 });

    const shadow = contextOf(run, "shadow-paper");
    await expect(stageOf("shadow-paper", await shut())(shadow)).rejects.toMatchObject({
      code,
      class: "transient",
    });
    const again = contextOf(run, "shadow-paper");
    expect(await stageOf("shadow-paper", options)(again)).toMatchObject({ verdict: "pass" });
    expect(commitsOf(git, actionOf("shadow-paper"))).toHaveLength(1);

    const approvals = [approvalOf(run)];
    const ramp = () => contextOf(run, "live-ramp", outputsOf(again), { approvals });
    await expect(stageOf("live-ramp", await shut())(ramp())).rejects.toMatchObject({
      code,
      class: "transient",
    });
    const level = (name: string) => commitsOf(git, `${actionOf("live-ramp")}.${name}`).length;
    expect(["L1", "L2", "rollback"].map(level)).toEqual([1, 0, 0]);

    const back = ramp();
    expect(await stageOf("live-ramp", options)(back)).toMatchObject({ verdict: "pass" });
    expect(back.outputJson("gates/live-ramp.json", LiveRampReport)).toMatchObject({
      level: "L3",
      rolledBack: false,
    });
    expect(["L1", "L2", "L3", "rollback"].map(level)).toEqual([1, 1, 1, 0]);
    const observed = back.outputJson("observed/live-ramp-rollout.json", ObservedRollout);
    expect(observed.changes.map(({ effect }) => effect)).toEqual(["already", "done", "done"]);
  },
);
