/** Real escalation processes on a real server, with a real coordinator that asks and is answered. */
import { journalFilter, journalSubject, noticeKey, type StoredEntry } from "@baton/contracts";
import { eventually, type SpawnedService } from "@baton/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import {
  listReviews,
  noticesOf,
  openPlayground,
  type Playground,
  recordOf,
} from "./testing/playground.ts";

/** On a busy machine a server and several processes take their time. */
const START_MS = 60_000;
/** Processes notice a lost server at once and a silent consumer after some seconds. */
const OUTAGE_MS = 20_000;

vi.setConfig({ testTimeout: START_MS });

let playground: Playground;
beforeAll(async () => {
  playground = await openPlayground();
}, START_MS);
afterAll(() => playground.close(), START_MS);

const keysOf = (services: readonly SpawnedService[], candidateId: string): string[] =>
  noticesOf(...services)
    .filter((notice) => notice.candidateId === candidateId)
    .map(({ key }) => key);

async function lastOf(candidateId: string): Promise<StoredEntry> {
  const last = await playground.mesh.journal.last(candidateId);
  if (!last) throw new Error(`${candidateId} has no entry`);
  return last;
}

/** Asks another question of a candidate that is on hold, as a coordinator would, with a deadline near or far. */
async function askAgain(candidateId: string, deadlineInMs: number): Promise<number> {
  const { sequence, entry } = await lastOf(candidateId);
  const now = Date.now();
  const openedAt = new Date(now).toISOString();
  const appended = await playground.mesh.journal.append({
    ...entry,
    id: `${candidateId}.${entry.n + 1}`,
    n: entry.n + 1,
    prev: sequence,
    time: openedAt,
    reason: "DEADLINE_PASSED",
    deadline: new Date(now + deadlineInMs).toISOString(),
    review: { openedAt, action: "Look at the lane.", next: null, evidence: null },
  });
  if (appended.kind !== "stored") throw new Error("the coordinator was faster");
  return appended.sequence;
}

const settled = (candidateId: string, state: string): Promise<unknown> =>
  eventually(
    async () => {
      const record = await recordOf(playground.mesh, candidateId);
      return record?.state === state && record.notice === null && record;
    },
    { what: `${candidateId} ${state} and told`, withinMs: OUTAGE_MS },
  );

test("a review is opened, listed, and resolved when a person answered it", async () => {
  const { escalation, pause, command } = playground;
  await pause("simple-1");
  const { sequence } = await lastOf("simple-1");
  await using service = escalation();
  const address = await service.ready();
  await settled("simple-1", "open");
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
  await settled("simple-1", "answered");
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

test("two replicas of which one is killed tell every question once and forget none", async () => {
  const { escalation, pause, command } = playground;
  const names = Array.from({ length: 60 }, (_, index) => `killed-${index}`);
  await using first = escalation();
  await using second = escalation();
  await Promise.all([first.ready(), second.ready()]);
  const pausing = Promise.all(names.map(pause));
  await eventually(() => noticesOf(first).length >= 5, {
    what: "the first replica is at work",
    everyMs: 1,
    withinMs: OUTAGE_MS,
  });
  await first.sigkill();
  await pausing;
  await using third = escalation();
  await Promise.all(names.map((name) => settled(name, "open")));
  await Promise.all(names.slice(0, 30).map((name) => command(name, "resume")));
  await Promise.all(names.slice(0, 30).map((name) => settled(name, "answered")));
  const keys = names.flatMap((name) => keysOf([first, second, third], name));
  const wanted = await Promise.all(
    names.map(async (name, index) => {
      const record = await recordOf(playground.mesh, name);
      if (!record) throw new Error(`${name} has no record`);
      return index < 30
        ? [noticeKey(record, "open"), noticeKey(record, "resolved")]
        : [noticeKey(record, "open")];
    }),
  );
  expect(new Set(keys)).toEqual(new Set(wanted.flat()));
  // Told again is only what the killed one had told and not yet noted.
  expect(keys.length - new Set(keys).size).toBeLessThanOrEqual(64);
  const survivors = names.flatMap((name) => keysOf([second, third], name));
  expect(survivors.length).toBe(new Set(survivors).size);
});

test("a notice that a killed replica claimed and didn't tell is told when the claim is over", async () => {
  const { mesh, escalation, pause } = playground;
  await pause("claimed-1");
  const first = escalation();
  await first.ready();
  const told = await settled("claimed-1", "open");
  await first.sigkill();
  const claimedUntil = new Date(Date.now() + 400).toISOString();
  const unfinished = Object.assign({}, told, {
    lastNotifiedAt: null,
    notice: { level: "open", failed: 0, claimedUntil },
  });
  await mesh.js.publish("$KV.REVIEWS.claimed-1", JSON.stringify(unfinished));
  await using second = escalation();
  await settled("claimed-1", "open");
  expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(claimedUntil));
  expect(keysOf([second], "claimed-1")).toEqual(keysOf([first], "claimed-1"));
});

test("a candidate that was answered and asks again while nobody looked gets both notices", async () => {
  const { escalation, pause, command } = playground;
  await pause("again-1");
  const before = (await lastOf("again-1")).sequence;
  const first = escalation();
  await settled("again-1", "open");
  await first.stop();
  await command("again-1", "resume");
  await command("again-1", "pause");
  const after = (await lastOf("again-1")).sequence;
  await using second = escalation();
  await eventually(() => keysOf([second], "again-1").length === 2, {
    what: "both are told",
    withinMs: OUTAGE_MS,
  });
  expect(keysOf([second], "again-1")).toEqual([
    `again-1.${before}.resolved`,
    `again-1.${after}.open`,
  ]);
  await settled("again-1", "open");
});

test("entries that are delivered once more open nothing and tell nobody", async () => {
  const { mesh, escalation, pause, command } = playground;
  await pause("twice-1");
  await pause("twice-2");
  const first = escalation();
  await settled("twice-1", "open");
  await command("twice-2", "cancel");
  await settled("twice-2", "answered");
  await first.stop();
  const { config } = await mesh.jsm.consumers.info("JOURNAL", "escalation");
  await mesh.jsm.consumers.delete("JOURNAL", "escalation");
  await mesh.jsm.consumers.add("JOURNAL", config);
  const revision = (await mesh.jsm.streams.info("KV_REVIEWS")).state.last_seq;
  await using second = escalation();
  await second.ready();
  await eventually(
    async () => {
      const info = await mesh.jsm.consumers.info("JOURNAL", "escalation");
      return info.num_pending + info.num_ack_pending === 0;
    },
    { what: "all was delivered again and acknowledged", withinMs: OUTAGE_MS },
  );
  expect(noticesOf(second)).toEqual([]);
  expect((await mesh.jsm.streams.info("KV_REVIEWS")).state.last_seq).toBe(revision);
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
  const { entry } = await lastOf("honest-1");
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
  await settled("honest-1", "open");
  expect(await recordOf(mesh, "foreign-2")).toBeUndefined();
});

test("reminders come until they are used up, and the passed deadline is told once, as an error", async () => {
  const { escalation, pause } = playground;
  await pause("slow-1");
  const sequence = await askAgain("slow-1", 500);
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
  await settled("slow-1", "open");
  expect(await recordOf(playground.mesh, "slow-1")).toMatchObject({ remindersSent: 2 });
});

test("another question of the same candidate ends the review before it", async () => {
  const { escalation, pause } = playground;
  await pause("other-1");
  const before = (await lastOf("other-1")).sequence;
  await using service = escalation();
  await settled("other-1", "open");
  const after = await askAgain("other-1", 60_000);
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
  await settled("spoilt-1", "open");
  await mesh.js.publish("$KV.REVIEWS.spoilt-1", "{");
  const sequence = await askAgain("spoilt-1", 60_000);
  await settled("spoilt-1", "open");
  expect(await recordOf(mesh, "spoilt-1")).toMatchObject({ sequence });
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
    const response = await fetch(`${address}/reviews?limit=${limit}`);
    expect(response.status).toBe(400);
  }
});

test(
  "a server that was killed is found again, and answers given since are noticed",
  async () => {
    const { mesh, nats, escalation, pause, command } = playground;
    await using service = escalation();
    const address = await service.ready();
    await pause("outage-1");
    await settled("outage-1", "open");
    await nats.kill9();
    await nats.restart();
    const isResumed = async (): Promise<boolean> =>
      (await mesh.journal.last("outage-1"))?.entry.holder !== "review";
    await eventually(
      async () => (await isResumed()) || (await command("outage-1", "resume").then(isResumed)),
      { what: "the coordinator is back", withinMs: OUTAGE_MS },
    );
    await settled("outage-1", "answered");
    await pause("outage-2");
    await settled("outage-2", "open");
    await eventually(
      async () =>
        (await listReviews(address)).reviews.some((one) => one.candidateId === "outage-2"),
      { what: "the copy is up to date again", withinMs: OUTAGE_MS },
    );
    const levels = keysOf([service], "outage-1").map((key) => key.split(".")[2]);
    expect(levels).toEqual(["open", "resolved"]);
  },
  START_MS,
);
