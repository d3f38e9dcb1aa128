/** What this release does with what only a newer one can act on: it waits, says so, and neither takes over nor sets aside. */
import {
  type Entry,
  journalFence,
  journalSubject,
  reportSubject,
  type ResultReport,
  type ServiceHealth,
  type StoredEntry,
} from "@baton/contracts";
import { done } from "@baton/lanekit";
import { askHealth } from "@baton/mesh";
import { eventually, reportsAbout, startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type LoopWorld, openLoopWorld } from "../loop-world.ts";

let nats: TestNats;
let world: LoopWorld;

beforeAll(async () => {
  nats = await startTestNats({ signIn: true });
  world = await openLoopWorld(nats);
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await nats.stop();
});

const released = async (): Promise<ServiceHealth | undefined> => {
  const answers = await askHealth(world.mesh.nc, ["coordinator"], 1000);
  return answers.get("coordinator")?.[0];
};

/** Waits until the coordinator, still ready, says that something needs another release. */
function untilItSays(code: string): Promise<string> {
  return eventually(
    async () => {
      const health = await released();
      const reason = health?.checks.find(({ name }) => name === "release")?.reason ?? "";
      return health?.ready === true && reason.includes(code) ? reason : undefined;
    },
    { what: code, withinMs: 20_000 },
  );
}

/** Publishes the candidate's next entry as a newer coordinator would. */
async function appendAs({ sequence, entry }: StoredEntry, changes: object): Promise<number> {
  const next = {
    ...entry,
    n: entry.n + 1,
    id: `${entry.candidateId}.${entry.n + 1}`,
    prev: sequence,
  };
  const { sequence: stored } = await world.mesh.publisher.publish({
    subject: journalSubject(entry),
    payload: JSON.stringify({ ...next, awaits: sequence, ...changes }),
    headers: {
      "Nats-Expected-Last-Subject-Sequence": sequence,
      "Nats-Expected-Last-Subject-Sequence-Subject": journalFence(entry.candidateId),
    },
  });
  return stored;
}

function passed({ sequence, entry }: StoredEntry): ResultReport {
  const { candidateId, stage, runId, time, trace } = entry;
  const about = { candidateId, stage, runId, time, trace, startedAt: time, handoff: null };
  return {
    v: 1,
    type: "result",
    id: `${candidateId}.${stage}.${runId}`,
    ...about,
    lane: "lane-a",
    answers: sequence,
    attempt: 1,
    outcome: { kind: "done", verdict: "pass", summary: "made", artifacts: [] },
  };
}

const submitted = (name: string): Promise<StoredEntry> =>
  world
    .submit({ name })
    .then((id) => world.until(id, "submitted", ({ holder }) => holder === "lane-a"));

async function lastSequence({ entry }: { entry: Entry }): Promise<number | undefined> {
  const message = await world.mesh.jsm.streams.getMessage("JOURNAL", {
    last_by_subj: journalFence(entry.candidateId),
  });
  return message?.seq;
}

/** What the server tells of messages that somebody set aside, or that were delivered too often. */
async function advisories(): Promise<string[]> {
  const { jsm } = world.mesh;
  const { state } = await jsm.streams.info("ADVISORIES");
  const all = Array.from({ length: state.messages }, (_, at) =>
    jsm.streams.getMessage("ADVISORIES", { seq: state.first_seq + at }),
  );
  const texts = (await Promise.all(all)).map((one) => new TextDecoder().decode(one?.data));
  // A command that was refused has been answered.
  return texts.filter((text) => !text.includes('"stream":"COMMANDS"'));
}

test.each([
  ["of a new major version", { v: 2 }],
  ["for a reason that isn't known", { reason: "SENT_TO_ARCHIVE" }],
  ["by a cause that isn't known", { cause: { kind: "weather" } }],
])(
  "a candidate whose last entry is %s is left alone, and what happens to it waits",
  async (_, changes) => {
    const dispatch = await submitted(JSON.stringify(changes));
    const theirs = await appendAs(dispatch, { ...changes, deadline: new Date(0).toISOString() });
    await world.mesh.reports.store(passed(dispatch));
    const reason = await untilItSays("E_ENTRY_NEWER");
    expect(reason).toMatch(/update this service first/);
    await eventually(
      async () => {
        const info = await world.mesh.jsm.consumers.info("REPORTS", "coordinator-reports");
        return info.num_redelivered > 0;
      },
      { what: "delivered again", withinMs: 20_000 },
    );
    expect(await lastSequence(dispatch)).toBe(theirs);
    expect(await advisories()).toEqual([]);
  },
  60_000,
);

test("a result that only a newer coordinator can read waits, and is still the stage's only one", async () => {
  const dispatch = await submitted("a newer lane's result");
  const result = passed(dispatch);
  await world.mesh.publisher.publish({
    subject: reportSubject({ ...result, part: "result" }),
    payload: JSON.stringify({ ...result, outcome: { kind: "split", into: 2 } }),
    headers: {},
  });
  expect(await untilItSays("E_REPORT_NEWER")).toMatch(/split/);
  expect(await lastSequence(dispatch)).toBe(dispatch.sequence);
  expect(await advisories()).toEqual([]);
}, 60_000);

test("what isn't known of a result that can be acted on is kept with it", async () => {
  const dispatch = await submitted("a newer lane's keys");
  const { candidateId } = dispatch.entry;
  await world.send({ type: "pause", candidateId, by: "operator", why: "look" });
  const result = passed(dispatch);
  const later = { ...result, costs: { cpuSeconds: 7 } };
  await world.mesh.publisher.publish({
    subject: reportSubject({ ...result, part: "result" }),
    payload: JSON.stringify(later),
    headers: {},
  });
  const { entry } = await world.until(candidateId, "kept", ({ kept }) => kept !== null);
  expect(entry.kept?.report).toStrictEqual(later);
}, 60_000);

test("a command with a key that isn't known is refused by its name, and nothing of it is done", async () => {
  const dispatch = await submitted("a newer command line");
  const { candidateId } = dispatch.entry;
  const later = { onlyBefore: "2030-01-01" };
  const { outcome } = await world.send({
    type: "cancel",
    candidateId,
    by: "operator",
    why: "enough",
    ...later,
  });
  expect(outcome).toMatchObject({
    kind: "refused",
    code: "E_INVALID",
    message: expect.stringContaining("onlyBefore"),
    action: expect.stringMatching(/^Nothing of it was done.*update the coordinator first/),
  });
  expect(await lastSequence(dispatch)).toBe(dispatch.sequence);
}, 60_000);

test("a lane that has no work for a stage keeps it for the next release of the lane", async () => {
  const older = world.startLane("lane-a", { other: async () => done("not this one") });
  const dispatch = await submitted("a stage of the next release");
  await eventually(
    async () => (await world.mesh.jsm.consumers.info("JOURNAL", "lane-a")).num_ack_pending > 0,
    { what: "delivered", withinMs: 10_000 },
  );
  await older.stop();
  world.startLanes({
    make: async (context) => {
      await context.putJson("make/made.json", {});
      return done("made");
    },
  });
  const { candidateId } = dispatch.entry;
  await world.until(candidateId, "completed", ({ reason }) => reason === "COMPLETED");
  const taken = (await reportsAbout(world.mesh, candidateId))[0]?.report;
  expect(taken).toMatchObject({ stage: "make", attempt: 2, outcome: { kind: "done" } });
  expect(await advisories()).toEqual([]);
}, 60_000);
