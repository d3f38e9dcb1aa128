/**
 * Any service may be killed at any moment; the outcome is the same. A first mesh runs the candidates undisturbed; a second
 * runs them again, a few at a time, while each has one service killed by SIGKILL, several times, at random moments. Then every
 * candidate must stand where it stood undisturbed, with byte-identical artifacts, and J1 to J9 must hold in the stores.
 *
 * The moments come from a seed (BATON_CHAOS_SEED, printed); the operating system's scheduling isn't repeatable.
 */
import type { WholeEntry } from "@baton/contracts";
import { afterAll, expect, test } from "vitest";

import { type RunningMesh, startRunningMesh } from "./running-mesh.ts";

const VICTIMS = [
  "coordinator",
  "lane-a",
  "lane-b",
  "lane-c",
  "lane-d",
  "lane-e",
  "lane-f",
  "escalation",
  "metrics",
  "paper-broker",
  "paper-engine",
  "nats-server",
];
const KILLS = 3;
/** One ack wait for each kill of a lane in the middle of its work, and the work itself. */
const SETTLE_MS = 180_000;

const seed = Number(process.env["BATON_CHAOS_SEED"] ?? Date.now() % 1_000_000);
const undisturbed = new Map<string, Outcome>();
let chaos: RunningMesh | undefined;

/** Where a candidate ended, and the digests of what doesn't depend on the clock. */
interface Outcome {
  readonly holder: string;
  readonly reason: string;
  readonly stage: string;
  readonly artifacts: Record<string, string>;
}

function outcomeOf({ holder, reason, stage, artifacts }: WholeEntry): Outcome {
  const lasting = artifacts.filter(({ name }) => !name.startsWith("observed/"));
  return {
    holder,
    reason,
    stage,
    artifacts: Object.fromEntries(lasting.map(({ name, sha256 }) => [name, sha256])),
  };
}

/** mulberry32: a small generator is enough for moments. */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(
  "undisturbed, every candidate goes through and J1 to J9 hold",
  async () => {
    const meshes = await Promise.all([startRunningMesh(), startRunningMesh()]);
    await using calm = meshes[0];
    [, chaos] = meshes;
    const ids = await Promise.all(VICTIMS.map((_, index) => calm.submit(index + 1)));
    for (const id of ids) undisturbed.set(id, outcomeOf(await calm.settled(id, SETTLE_MS)));
    expect(calm.services.toSorted()).toEqual(VICTIMS.toSorted());
    expect(Array.from(undisturbed.values(), ({ reason }) => reason)).toEqual(
      VICTIMS.map(() => "COMPLETED"),
    );
    expect(await calm.violations()).toEqual([]);
  },
  2 * SETTLE_MS,
);

afterAll(async () => {
  await chaos?.[Symbol.asyncDispose]();
});

// Several at a time: each candidate also lives through the kills of the others' victims.
test.concurrent.each(VICTIMS)(
  "killing %s in the middle changes nothing in the outcome",
  async (victim) => {
    const index = VICTIMS.indexOf(victim);
    const random = randomFrom(seed + index);
    if (!chaos) throw new Error("the undisturbed run failed");
    const id = await chaos.submit(index + 1);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await moment(random() * 2500);
      chaos.kill(victim);
    }
    const entry = await chaos.settled(id, SETTLE_MS);
    expect(outcomeOf(entry), `BATON_CHAOS_SEED=${seed}`).toEqual(undisturbed.get(id));
  },
  SETTLE_MS + 30_000,
);

test("afterwards J1 to J9 hold in the streams, the repositories and the broker's log", async () => {
  expect(await chaos?.violations(), `BATON_CHAOS_SEED=${seed}`).toEqual([]);
}, 60_000);

/** The random moment is what is tested, so this is no wait for a condition. */
function moment(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
