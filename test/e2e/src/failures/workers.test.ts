/** Lanes whose processes die, aren't there or are busy: who notices, and how the candidate goes on. */
import { AS_READER, eventually, type SpawnedService } from "@baton/testkit";
import { particularsOf } from "@baton/views";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { between, dispatchOf, type FailuresWorld, openFailuresWorld } from "./failures-world.ts";

const NO_WORKERS_MS = 2000;
let world: FailuresWorld;
let lane: SpawnedService | undefined;

beforeAll(async () => {
  const env = { BATON_NO_WORKERS_MS: String(NO_WORKERS_MS), BATON_RESYNC_MS: "500" };
  world = await openFailuresWorld(env);
  const others = [
    world.loop.startCoordinator(),
    world.startLane("watch"),
    world.startLane("hurry"),
  ];
  await Promise.all(others.map((service) => service.ready(60_000)));
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());
afterEach(async () => {
  await lane?.sigkill();
  lane = undefined;
});

async function nobodyAskedAbout(...candidateIds: string[]): Promise<boolean> {
  const reasons = await Promise.all(candidateIds.map((id) => world.reasons(id)));
  return !reasons.flat().includes("NO_WORKERS");
}

test("a candidate whose lane nobody works for asks once, whatever coordinators see it, and goes on when somebody does", async () => {
  const id = await world.submit("nobody there", {});
  const dispatch = await dispatchOf(world, id, "make");
  const asked = await world.until(id, "NO_WORKERS");
  expect(asked.entry).toMatchObject({ holder: "review", awaits: dispatch.sequence });
  expect(particularsOf(asked.entry)).toContain(
    "waits for lane-a, which has given no sign of life since",
  );
  world.measure(
    `no workers, BATON_NO_WORKERS_MS ${NO_WORKERS_MS} -> NO_WORKERS`,
    between(dispatch, asked),
  );
  // By the time that another one is noted to wait too, both coordinators have looked at the first one again.
  const later = await world.submit("nobody there later", {});
  const noted = await world.until(later, "RETRY_BACKOFF");
  expect(noted.entry).toMatchObject({ holder: "lane-a", about: { kind: "no-workers" } });
  expect(await world.reasons(id)).toEqual(["SUBMITTED", "NO_WORKERS"]);
  lane = world.startLane("make");
  await world.until(id, "COMPLETED");
  await world.until(later, "COMPLETED");
  const reasons = await world.reasons(id);
  expect(reasons.filter((reason) => reason === "NO_WORKERS")).toHaveLength(1);
  expect(await world.reasons(later)).not.toContain("NO_WORKERS");
}, 120_000);

test("one outage is one question: it goes to the next one when the one that is asked about is closed", async () => {
  const ids = await Promise.all(
    ["one", "two", "three"].map((name) => world.submit(`an outage of ${name}`, {})),
  );
  const standing = () =>
    Promise.all(ids.map(async (id) => (await world.loop.mesh.journal.last(id))?.entry));
  const untilAsked = () =>
    eventually(
      async () => {
        const all = (await standing()).filter((entry) => entry && entry.holder !== "closed");
        const asked = all.filter((entry) => entry?.reason === "NO_WORKERS");
        const waiting = all.filter((entry) => entry?.reason === "RETRY_BACKOFF");
        return asked.length === 1 && asked.length + waiting.length === all.length && asked[0];
      },
      { what: "one asked about, the others waiting", withinMs: 60_000 },
    );
  const first = await untilAsked();
  expect(first.cause).toMatchObject({ kind: "no-workers", lane: "lane-a" });
  const { candidateId } = first;
  await world.loop.send({ type: "cancel", candidateId, by: "operator", why: "not needed" });
  const second = await untilAsked();
  expect(second.candidateId).not.toBe(candidateId);
  lane = world.startLane("make");
  for (const id of ids.filter((one) => one !== candidateId)) await world.until(id, "COMPLETED");
}, 120_000);

test("workers that come back to long work take the question back before they report", async () => {
  const id = await world.submit("long after an outage", { make: { does: "work", ms: 5000 } });
  await world.until(id, "NO_WORKERS");
  lane = world.startLane("make");
  await lane.ready(60_000);
  const readyMs = Date.now();
  const back = await world.until(id, "WORKERS_BACK");
  expect(back.entry).toMatchObject({ holder: "lane-a", review: null });
  world.measure("lane ready again -> question taken back", Date.parse(back.entry.time) - readyMs);
  await world.until(id, "COMPLETED");
}, 120_000);

test("a worker that dies with the work in its hands, and doesn't come back, is missed too", async () => {
  lane = world.startLane("make");
  const address = await lane.ready(60_000);
  const stages = { make: [{ does: "wait" }, { does: "pass" }] };
  const id = await world.submit("left alone", stages);
  await eventually(
    async () => (await (await fetch(`${address}/attempts`, AS_READER)).text()).includes(id),
    {
      what: "at work",
    },
  );
  await lane.sigkill();
  const killedMs = Date.now();
  const asked = await world.until(id, "NO_WORKERS");
  world.measure(
    `last worker killed at work, BATON_NO_WORKERS_MS ${NO_WORKERS_MS} -> NO_WORKERS`,
    Date.parse(asked.entry.time) - killedMs,
  );
  lane = world.startLane("make");
  const closed = await world.until(id, "COMPLETED");
  // The same dispatch, delivered again: no second one was made.
  expect(closed.entry.iteration).toBe(0);
}, 120_000);

test("a lane whose only place is taken by long work isn't taken for one without workers", async () => {
  lane = world.startLane("make");
  await lane.ready(60_000);
  const work = { does: "work", ms: 2.5 * NO_WORKERS_MS };
  const busy = await world.submit("long work", { make: work });
  const queued = await world.submit("queued behind it", {});
  await world.until(busy, "COMPLETED");
  await world.until(queued, "COMPLETED");
  expect(await nobodyAskedAbout(busy, queued)).toBe(true);
}, 120_000);

/** Keeps a lane process running as a supervisor does, until disposed of. */
function supervise(): AsyncDisposable & { readonly starts: () => number } {
  const state = { stopped: false, starts: 0 };
  const next = async (): Promise<void> => {
    if (state.stopped) return;
    state.starts += 1;
    lane = world.startLane("make");
    await lane.exited;
    await next();
  };
  const runs = next();
  return {
    starts: () => state.starts,
    [Symbol.asyncDispose]: async () => {
      state.stopped = true;
      await lane?.sigkill();
      await runs;
    },
  };
}

test("a lane process that dies on every delivery is noticed when the deliveries are used up", async () => {
  await using supervised = supervise();
  const exit = { does: "exit", code: 1 };
  const die = { does: "die" };
  const id = await world.submit("deadly", { make: [exit, die, exit, die] });
  const asked = await world.until(id, "LANE_CRASH_LOOP");
  expect(particularsOf(asked.entry)).toContain("was delivered 5 times to lane-a without an answer");
  expect(supervised.starts()).toBeGreaterThanOrEqual(5);
  world.measure(
    "process dies on each of 5 deliveries, ack wait 1.5 s -> LANE_CRASH_LOOP",
    between(await dispatchOf(world, id, "make"), asked),
  );
  // The lane's other candidates aren't held up by it.
  const next = await world.submit("after the deadly one", {});
  await world.until(next, "COMPLETED");
}, 120_000);

test("J5 held at every look while all this happened", () => {
  const { looks, faults } = world.unsettled();
  expect(faults).toEqual([]);
  expect(looks).toBeGreaterThan(20);
});
