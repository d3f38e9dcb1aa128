/** Results that come late, twice, from an earlier attempt or for another run, and artifacts that aren't what they were. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import {
  deduplicationId,
  reportSubject,
  type ResultReport,
  type StoredEntry,
} from "@baton/contracts";
import { AS_READER, eventually, reportsAbout, type SpawnedService } from "@baton/testkit";
import { particularsOf } from "@baton/views";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { restoreDamaged } from "../restore-artifacts.ts";
import { between, dispatchOf, type FailuresWorld, openFailuresWorld } from "./failures-world.ts";

const execFileText = promisify(execFile);
/** Enough for what passes, also on a busy machine. */
const HURRY_SECONDS = 4;
let world: FailuresWorld;
let watching: SpawnedService;
let lanes: SpawnedService[] = [];

beforeAll(async () => {
  world = await openFailuresWorld({}, HURRY_SECONDS);
  watching = world.startLane("watch");
  await watching.ready(60_000);
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());
afterEach(async () => {
  await Promise.all(lanes.map((lane) => lane.sigkill()));
  lanes = [];
});

const freeze = { does: "freeze" };

/** Fresh processes of lanes, one place each. */
async function start(...stages: ("make" | "hurry")[]): Promise<void> {
  lanes = stages.map((stage) => world.startLane(stage));
  await Promise.all(lanes.map((lane) => lane.ready(60_000)));
}

/** Continues whoever stands still. */
function thaw(): void {
  for (const { pid } of lanes) process.kill(pid, "SIGCONT");
}

async function isAt(attempt: number): Promise<boolean> {
  const shown = await Promise.all(
    lanes.map(async (lane) => {
      const address = await lane.ready(300).catch(() => undefined);
      if (address === undefined) return "";
      const answer = await fetch(`${address}/attempts`, {
        ...AS_READER,
        signal: AbortSignal.timeout(300),
      });
      return answer.text();
    }),
  );
  return shown.some((text) => text.includes(`"attempt":${attempt}`));
}

async function results(
  candidateId: string,
): Promise<{ attempt: number; runId: string; sequence: number }[]> {
  const all = await reportsAbout(world.loop.mesh, candidateId);
  return all.flatMap(({ report, sequence }) =>
    report.type === "result" && report.stage === "hurry"
      ? [{ attempt: report.attempt, runId: report.runId, sequence }]
      : [],
  );
}

async function dispatches(candidateId: string): Promise<string[]> {
  const all = await world.loop.mesh.journal.history(candidateId);
  return all.filter(({ entry }) => entry.awaits === 0).map(({ entry }) => deduplicationId(entry));
}

const said = (words: string) =>
  eventually(() => lanes.some((lane) => lane.output().includes(words)), {
    what: words,
    withinMs: 15_000,
  });

test("a result that comes late is taken, though people were asked already", async () => {
  await start("make", "hurry");
  const id = await world.submit("late", { hurry: freeze });
  await world.until(id, "DEADLINE_PASSED");
  thaw();
  await world.until(id, "COMPLETED");
  expect(await results(id)).toHaveLength(1);
  expect(await dispatches(id)).toHaveLength(3);
}, 120_000);

test("a result of an earlier attempt counts like any other; the later attempt is given up", async () => {
  await start("make", "hurry", "hurry");
  const id = await world.submit("earlier attempt", { hurry: [freeze, { does: "wait" }] });
  await eventually(() => isAt(2), { what: "second attempt", withinMs: 15_000 });
  thaw();
  await world.until(id, "COMPLETED");
  expect((await results(id)).map(({ attempt }) => attempt)).toEqual([1]);
  await said("attempt given up");
}, 120_000);

test("a result that comes twice counts once", async () => {
  await start("make", "hurry", "hurry");
  const id = await world.submit("twice", { hurry: [freeze, { does: "pass" }] });
  const closed = await world.until(id, "COMPLETED");
  thaw();
  // The one that stood still reports too, finds the place taken and lets go.
  const [, ...hurrying] = lanes;
  await eventually(() => hurrying.every((lane) => lane.output().includes("stage done")), {
    what: "both reported",
    withinMs: 15_000,
  });
  expect((await results(id)).map(({ attempt }) => attempt)).toEqual([2]);
  expect((await world.loop.mesh.journal.last(id))?.sequence).toBe(closed.sequence);
}, 120_000);

test("a result of a run that was given up changes nothing in the one that followed", async () => {
  await start("make", "hurry", "hurry");
  const stages = { hurry: [freeze, { does: "wait" }], "hurry@1": { does: "work", ms: 2000 } };
  const id = await world.submit("another run", stages);
  const first = await world.until(id, "DEADLINE_PASSED");
  await world.resume(id);
  const second = await world.until(id, "RERUN");
  thaw();
  await eventually(async () => (await results(id)).length > 0, {
    what: "first run reported",
    withinMs: 15_000,
  });
  const closed = await world.until(id, "COMPLETED");
  const [late, own] = await results(id);
  expect([late?.runId, own?.runId]).toEqual([first.entry.runId, second.entry.runId]);
  expect(closed.entry.cause).toMatchObject({ kind: "report", sequence: own?.sequence });
  expect(await world.reasons(id)).toEqual([
    "SUBMITTED",
    "STAGE_PASSED",
    "STAGE_PASSED",
    "DEADLINE_PASSED",
    "RERUN",
    "COMPLETED",
  ]);
}, 120_000);

test("a result that claims another stage or another lane is set aside", async () => {
  await start("make");
  const id = await world.submit("claims", { make: { does: "wait" } });
  const dispatch = await dispatchOf(world, id, "make");
  const { reports } = world.loop.mesh;
  await reports.store(resultOf(dispatch, { stage: "watch", lane: "lane-b" }));
  await reports.store(resultOf(dispatch, { lane: "lane-b" }));
  const words = ["E_CONFLICT", "E_DENIED"];
  await eventually(() => words.every((code) => world.loop.coordinator().output().includes(code)), {
    what: "both set aside",
  });
  expect(await world.reasons(id)).toEqual(["SUBMITTED"]);
  await world.loop.send({ type: "cancel", candidateId: id, by: "operator", why: "seen enough" });
}, 120_000);

test.each([
  ["without its time", (text: string) => text.replace('"time":', '"when":')],
  ["that isn't JSON", () => "{"],
  ["about another run", (text: string) => text.replaceAll(/"run-[0-9a-f]+"/g, '"run-of-another"')],
  [
    "to a dispatch that isn't there",
    (text: string) => text.replace(/"answers":\d+/, '"answers":9999'),
  ],
])(
  "a result %s asks a person at once, and the stage can be run again",
  async (what, spoil) => {
    await start("make");
    const id = await world.submit(`unreadable ${what}`, {
      make: [{ does: "wait" }],
      "make@1": { does: "pass" },
    });
    const dispatch = await dispatchOf(world, id, "make");
    const result = resultOf(dispatch, {});
    await world.loop.mesh.publisher.publish({
      subject: reportSubject({ ...result, part: "result" }),
      payload: spoil(JSON.stringify(result)),
      headers: {},
    });
    const asked = await world.until(id, "RESULT_UNREADABLE");
    expect(asked.entry).toMatchObject({ holder: "review", stage: "make", awaits: null });
    await world.resume(id);
    await world.until(id, "STAGE_PASSED");
  },
  120_000,
);

/** A result as a lane would report it, with wrong claims. */
function resultOf({ sequence, entry }: StoredEntry, wrong: Partial<ResultReport>): ResultReport {
  const { candidateId, stage, runId, time, trace } = entry;
  return {
    v: 1,
    type: "result",
    id: deduplicationId(entry),
    candidateId,
    stage,
    runId,
    time,
    trace,
    lane: "lane-a",
    answers: sequence,
    attempt: 1,
    startedAt: time,
    handoff: null,
    outcome: { kind: "done", verdict: "pass", summary: "made up", artifacts: [] },
    ...wrong,
  };
}

/**
 * Takes away what a stage of the candidate made, or puts other bytes under its digest. No coordinator looks on: it would say that
 * history is lost, and stand still.
 */
async function tamper(candidateId: string, how: "missing" | "altered"): Promise<void> {
  const { loop } = world;
  const { mesh } = loop;
  const text = new TextEncoder().encode(`make of ${candidateId}`);
  const sha256 = await mesh.artifacts.put(text);
  await loop.coordinator().sigkill();
  await restoreDamaged(mesh, sha256, how);
  await loop.startCoordinator().ready(30_000);
}

test.each(["missing", "altered"] as const)(
  "an artifact that is %s when its result is decided on asks a person",
  async (how) => {
    await start("make");
    const id = await world.submit(`${how} evidence`, { make: freeze });
    const [lane] = lanes;
    await eventually(() => isFrozen(lane?.pid ?? 0), {
      what: "made, not reported",
      withinMs: 15_000,
    });
    await tamper(id, how);
    const thawedMs = Date.now();
    thaw();
    const asked = await world.until(id, "EVIDENCE_MISSING");
    world.measure(
      `artifact ${how} when its result comes in -> EVIDENCE_MISSING`,
      Date.parse(asked.entry.time) - thawedMs,
    );
    expect(particularsOf(asked.entry)).toContain(`artifact make/output.txt is ${how} in the store`);
    expect(asked.entry).toMatchObject({ stage: "make", guard: null, awaits: null });
  },
  60_000,
);

test.each([
  ["missing", "RETRIES_EXHAUSTED", "E_ARTIFACT_MISSING"],
  ["altered", "DETERMINISTIC_FAILURE", "E_ARTIFACT_ALTERED"],
] as const)(
  "an artifact that is %s when the next stage reads it ends as %s",
  async (how, reason, code) => {
    await watching.sigkill();
    await start("make");
    const id = await world.submit(`${how} input`, {
      watch: { does: "read", name: "make/output.txt" },
    });
    const dispatch = await dispatchOf(world, id, "watch");
    await tamper(id, how);
    watching = world.startLane("watch");
    const asked = await world.until(id, reason);
    expect(asked.entry.failure).toMatchObject({ code });
    world.measure(
      `artifact ${how} when the next stage reads it, its lane just starting -> ${reason}`,
      between(dispatch, asked),
    );
  },
  60_000,
);

test("what the server says of a lane's consumer about another lane's dispatch moves nothing", async () => {
  const id = await world.submit("spoken of by others", {});
  const { sequence } = await dispatchOf(world, id, "make");
  // A lane may settle any sequence on its own durable, and the server tells of it without asking whose dispatch that is.
  const other = { stream: "JOURNAL", consumer: "lane-c", stream_seq: sequence, deliveries: 9 };
  await world.loop.mesh.publisher.publish({
    subject: "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.JOURNAL.lane-c",
    payload: JSON.stringify(other),
    headers: {},
  });
  const output = () => world.loop.coordinator().output();
  await eventually(() => output().includes("to lane-a"), { what: "set aside", withinMs: 15_000 });
  await start("make");
  await dispatchOf(world, id, "watch");
  expect(await world.reasons(id)).not.toContain("LANE_CRASH_LOOP");
}, 60_000);

/** True once the process was stopped by a signal. */
async function isFrozen(pid: number): Promise<boolean> {
  const { stdout } = await execFileText("ps", ["-o", "stat=", "-p", String(pid)]);
  return stdout.trim().startsWith("T");
}

test("J5 held at every look while all this happened", () => {
  const { looks, faults } = world.unsettled();
  expect(faults).toEqual([]);
  expect(looks).toBeGreaterThan(20);
});
