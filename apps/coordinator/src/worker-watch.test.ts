/** What is made of signs of life; that the server really gives them is shown end to end. */
import type { Happening } from "@baton/playbook";
import { startTelemetry } from "@baton/telemetry";
import { afterAll, expect, test } from "vitest";

import type { SweepList } from "./sweep-list.ts";
import { openWorkerWatch } from "./worker-watch.ts";

const telemetry = await startTelemetry({ service: "test", env: { BATON_LOG_LEVEL: "silent" } });
afterAll(() => telemetry[Symbol.asyncDispose]());

/** One question for all, and of the others it is noted that they wait. */
const ASKED = ["cand-1 asked for 3", "cand-3 noted", "cand-4 noted"];

interface World {
  signs: {
    num_waiting: number;
    num_ack_pending: number;
    delivered: { consumer_seq: number; last_active?: string };
  };
  away: boolean;
  awaited: boolean;
  untilMs: number | undefined;
  asked: number;
}

/** A watch on one lane with one candidate; what the server says is the test's. */
function watched() {
  const told: string[] = [];
  const world: World = {
    signs: { num_waiting: 0, num_ack_pending: 0, delivered: { consumer_seq: 0 } },
    away: false,
    awaited: true,
    untilMs: undefined,
    asked: 0,
  };
  const standing: Pick<
    SweepList,
    "awaited" | "longestUnattended" | "takeUnattended" | "takeUnmanned"
  > = {
    awaited: () => (world.awaited ? ["lane-a"] : []),
    longestUnattended: (_, untilMs) => {
      world.untilMs = untilMs;
      return { candidateId: "cand-1", dispatch: 5, waiting: 3 };
    },
    takeUnattended: () => [
      { candidateId: "cand-3", dispatch: 7 },
      { candidateId: "cand-4", dispatch: 8 },
    ],
    takeUnmanned: () => [{ candidateId: "cand-2", dispatch: 6 }],
  };
  const watch = openWorkerWatch({
    ask: async () => {
      world.asked += 1;
      if (world.away) throw new Error("timeout");
      return { ...world.signs, ack_floor: { consumer_seq: 0 } };
    },
    standing,
    settle: async (candidateId: string, happening: Happening) =>
      void told.push(
        happening.kind === "no-workers"
          ? `${candidateId} ${happening.noted ? "noted" : `asked for ${happening.waiting}`}`
          : `${candidateId} ${happening.kind}`,
      ),
    log: telemetry.log,
    noWorkersMs: 60_000,
    ackWaitMs: 90_000,
  });
  const look = async (seconds: number): Promise<string[]> => {
    told.length = 0;
    await watch.look(seconds * 1000);
    return [...told];
  };
  return { world, look };
}

test("a lane without a sign of life since it was first looked at is told about after the silence that counts", async () => {
  const { world, look } = watched();
  expect(await look(0)).toEqual([]);
  expect(await look(59)).toEqual([]);
  expect(await look(65)).toEqual(ASKED);
  // Whoever was handed to it in the meantime has waited for less.
  expect(world.untilMs).toBe(5000);
});

test("a waiting pull is a sign of life, and so is any activity", async () => {
  const { world, look } = watched();
  world.signs.num_waiting = 1;
  expect(await look(0)).toEqual(["cand-2 workers-back"]);
  world.signs.num_waiting = 0;
  expect(await look(50)).toEqual([]);
  world.signs.delivered = { consumer_seq: 0, last_active: "a heartbeat" };
  expect(await look(55)).toEqual(["cand-2 workers-back"]);
  expect(await look(114)).toEqual([]);
  expect(await look(115)).toEqual(ASKED);
});

test("a lane that holds something is given the time of its heartbeats", async () => {
  const { world, look } = watched();
  world.signs.num_ack_pending = 2;
  await look(0);
  expect(await look(89)).toEqual([]);
  expect(await look(90)).toEqual(ASKED);
});

test("while the server can't be asked nobody counts as gone", async () => {
  const { world, look } = watched();
  await look(0);
  world.away = true;
  expect(await look(70)).toEqual([]);
  world.away = false;
  expect(await look(75)).toEqual([]);
  expect(await look(129)).toEqual([]);
  expect(await look(135)).toEqual(ASKED);
});

test("a lane that nobody waits for isn't asked about, and begins anew afterwards", async () => {
  const { world, look } = watched();
  await look(0);
  world.awaited = false;
  await look(50);
  expect(world.asked).toBe(1);
  world.awaited = true;
  expect(await look(100)).toEqual([]);
  expect(await look(160)).toEqual(ASKED);
});
