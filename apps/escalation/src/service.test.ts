/** Real escalation processes on a real server, with a real coordinator that asks and is answered. */
import { journalFilter, journalSubject } from "@baton/contracts";
import { AS_READER, eventually } from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { noticesOf, openPlayground, type Playground } from "./testing/playground.ts";
import {
  askAgain,
  keysOf,
  lastOf,
  listReviews,
  OUTAGE_MS,
  recordOf,
  settled,
  START_MS,
} from "./testing/reviews.ts";

vi.setConfig({ testTimeout: START_MS });

let playground: Playground;
beforeAll(async () => {
  playground = await openPlayground();
}, START_MS);
afterAll(() => playground.close(), START_MS);

test("a review is opened, listed, and resolved when a person answered it", async () => {
  const { escalation, pause, command } = playground;
  await pause("simple-1");
  const { sequence } = await lastOf(playground.mesh, "simple-1");
  await using service = escalation();
  const address = await service.ready();
  await settled(playground.mesh, "simple-1", "open");
  expect(noticesOf(service)).toEqual([
    expect.objectContaining({
      level: "warn",
      notice: "open",
      key: `simple-1.${sequence}.open`,
      reason: "PAUSED",
      action: expect.stringContaining("baton resume simple-1"),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      deadline: expect.any(String),
    }),
  ]);
  await eventually(async () => (await listReviews(address)).total === 1, {
    what: "listed",
    withinMs: OUTAGE_MS,
  });
  const metrics = await (await fetch(`${address}/metrics`)).text();
  expect(metrics).toContain('baton_reviews_open{reason="PAUSED"} 1');
  await command("simple-1", "resume");
  await settled(playground.mesh, "simple-1", "answered");
  expect(noticesOf(service)[1]).toMatchObject({
    level: "info",
    key: `simple-1.${sequence}.resolved`,
    answer: { by: "tester", what: "resume" },
  });
  expect(await recordOf(playground.mesh, "simple-1")).toMatchObject({
    answeredBy: "tester",
    answer: "resume",
    sequence,
  });
  await eventually(async () => (await listReviews(address)).total === 0, {
    what: "list is empty",
    withinMs: OUTAGE_MS,
  });
});

test("an answer is told without waiting for the next sweep", async () => {
  const { mesh, escalation, pause, command } = playground;
  // No second sweep within this test: only following the journal can tell it.
  await using service = escalation({ BATON_REVIEW_CHECK_MS: "600000" });
  const address = await service.ready();
  await pause("at-once-1");
  await eventually(
    async () => (await listReviews(address)).reviews.some((one) => one.candidateId === "at-once-1"),
    { what: "listed", withinMs: OUTAGE_MS },
  );
  await command("at-once-1", "resume");
  await settled(mesh, "at-once-1", "answered");
  expect(keysOf([service], "at-once-1")).toEqual([
    expect.stringMatching(/\.open$/),
    expect.stringMatching(/\.resolved$/),
  ]);
});

test("a candidate that was answered and asks again while nobody looked gets both notices", async () => {
  const { escalation, pause, command } = playground;
  await pause("again-1");
  const before = (await lastOf(playground.mesh, "again-1")).sequence;
  const first = escalation();
  await settled(playground.mesh, "again-1", "open");
  await first.stop();
  await command("again-1", "resume");
  await command("again-1", "pause");
  const after = (await lastOf(playground.mesh, "again-1")).sequence;
  await using second = escalation();
  await eventually(() => keysOf([second], "again-1").length === 2, {
    what: "both are told",
    withinMs: OUTAGE_MS,
  });
  expect(keysOf([second], "again-1")).toEqual([
    `again-1.${before}.resolved`,
    `again-1.${after}.open`,
  ]);
  await settled(playground.mesh, "again-1", "open");
});

test("what isn't an entry is set aside with its reason and holds nothing up", async () => {
  const { mesh, escalation, pause } = playground;
  await using service = escalation();
  await service.ready();
  const foreign = {
    holder: "review",
    candidateId: "foreign-1",
    stage: "bench-1",
    runId: "run-1234",
  } as const;
  const reasons: string[] = [];
  const subscription = mesh.nc.subscribe(
    "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.JOURNAL.escalation",
    {
      callback: (_, message) => {
        reasons.push(message.json<{ reason: string }>().reason);
      },
    },
  );
  await pause("honest-1");
  const { entry } = await lastOf(playground.mesh, "honest-1");
  await mesh.js.publish(journalSubject(foreign), "{");
  await mesh.js.publish(`${journalFilter("review").slice(0, -1)}Nonsense`, "{}");
  await mesh.js.publish(
    journalSubject({ ...foreign, candidateId: "foreign-2" }),
    JSON.stringify(entry),
  );
  await eventually(() => reasons.length >= 3, { what: "three are set aside", withinMs: OUTAGE_MS });
  subscription.unsubscribe();
  expect(reasons.toSorted()).toEqual([
    expect.stringMatching(/^E_MALFORMED JOURNAL \d+ isn't JSON/),
    expect.stringMatching(/^E_MALFORMED JOURNAL \d+: subject and entry differ/),
    expect.stringContaining("E_MALFORMED subject isn't an entry's"),
  ]);
  await settled(playground.mesh, "honest-1", "open");
  expect(await recordOf(mesh, "foreign-2")).toBeUndefined();
});

test("reminders come until they are used up, and the passed deadline is told once, as an error", async () => {
  const { escalation, pause } = playground;
  await pause("slow-1");
  const sequence = await askAgain(playground.mesh, "slow-1", 500);
  const env = { BATON_REMINDER_EVERY_MS: "250", BATON_REMINDERS_MAX: "2" };
  await using first = escalation(env);
  await using second = escalation(env);
  await eventually(() => keysOf([first, second], "slow-1").length === 4, {
    what: "four notices",
    withinMs: OUTAGE_MS,
  });
  const levels = ["open", "overdue", "reminder-1", "reminder-2"];
  expect(keysOf([first, second], "slow-1").toSorted()).toEqual(
    levels.map((level) => `slow-1.${sequence}.${level}`),
  );
  const errors = noticesOf(first, second).filter(({ level }) => level === "error");
  expect(errors.map(({ candidateId }) => candidateId)).toEqual(["slow-1"]);
  await settled(playground.mesh, "slow-1", "open");
  expect(await recordOf(playground.mesh, "slow-1")).toMatchObject({ remindersSent: 2 });
});

test("another question of the same candidate ends the review before it", async () => {
  const { escalation, pause } = playground;
  await pause("other-1");
  const before = (await lastOf(playground.mesh, "other-1")).sequence;
  await using service = escalation();
  await settled(playground.mesh, "other-1", "open");
  const after = await askAgain(playground.mesh, "other-1", 60_000);
  await eventually(() => keysOf([service], "other-1").length === 3, {
    what: "three notices",
    withinMs: OUTAGE_MS,
  });
  expect(keysOf([service], "other-1")).toEqual([
    `other-1.${before}.open`,
    `other-1.${before}.resolved`,
    `other-1.${after}.open`,
  ]);
});

test("a record that can't be read is made anew", async () => {
  const { mesh, escalation, pause } = playground;
  await pause("spoilt-1");
  await using service = escalation();
  await settled(playground.mesh, "spoilt-1", "open");
  await mesh.js.publish("$KV.REVIEWS.spoilt-1", "{");
  const sequence = await askAgain(playground.mesh, "spoilt-1", 60_000);
  await eventually(
    async () => {
      const record = await recordOf(mesh, "spoilt-1");
      return record?.state === "open" && record.sequence === sequence;
    },
    { what: "its record", withinMs: OUTAGE_MS },
  );
  expect(service.output()).toContain("can't be read; made anew");
});

test("the list is bounded and says how many there are", async () => {
  await using service = playground.escalation();
  const address = await service.ready();
  const all = await listReviews(address);
  expect(all.total).toBeGreaterThan(1);
  const one = await listReviews(address, "?limit=1");
  expect(one.total).toBe(all.total);
  expect(one.reviews).toEqual(
    all.reviews.slice(0, 1).map(({ candidateId }) => expect.objectContaining({ candidateId })),
  );
  for (const limit of ["0", "1001", "-1", "x", ""]) {
    const response = await fetch(`${address}/reviews?limit=${limit}`, AS_READER);
    expect(response.status).toBe(400);
  }
});
