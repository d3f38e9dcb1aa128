import { setTimeout as delay } from "node:timers/promises";

import type { ReviewRecord } from "@baton/contracts";
import { type Mesh, openMesh } from "@baton/mesh";
import { startTelemetry } from "@baton/telemetry";
import { eventually, startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Channel } from "./notices/channel.ts";
import { openSwitchboard } from "./notices/switchboard.ts";
import { openRecordBook, type RecordBook, REVIEWS } from "./record-book.ts";
import { openReviewDesk, type ReviewDesk } from "./review-desk.ts";
import { policyOf } from "./testing/policy.ts";
import { answer, question, START_MS } from "./testing/question.ts";

let nats: TestNats;
let mesh: Mesh;
let book: RecordBook<ReviewRecord>;
beforeAll(async () => {
  nats = await startTestNats();
  mesh = await openMesh({ url: nats.url, name: "test", provision: true });
  book = openRecordBook(REVIEWS, { mesh, keepAnsweredMs: 60_000, onForeign: () => {} });
}, 60_000);
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
});

const TOLD = { kind: "told" } as const;

/** A desk whose policy tells the channels named here, in this order. */
async function openDesk(
  channels: Readonly<Record<string, Channel["deliver"]>>,
  now: () => number,
  leaseMs = 60_000,
): Promise<{ desk: ReviewDesk; outcomes: string[] }> {
  const outcomes: string[] = [];
  await using telemetry = await startTelemetry({
    service: "t",
    env: { BATON_LOG_LEVEL: "silent" },
  });
  const switchboard = openSwitchboard({
    channels: Object.entries(channels).map(([name, deliver]) => {
      return { name, type: "test", maxInFlight: 8, deliver };
    }),
    now,
    stopping: new AbortController().signal,
    onAttempt: (channel, kind, { kind: outcome }) => outcomes.push(`${channel} ${kind} ${outcome}`),
  });
  const desk = openReviewDesk({
    mesh,
    book,
    switchboard,
    policy: policyOf({ tell: Object.keys(channels), reminderEveryMs: 600_000 }, leaseMs),
    log: telemetry.log,
    now,
  });
  return { desk, outcomes };
}

/** Appends the entry as the candidate's next one; its sequence is the stream's business. */
async function append(
  candidateId: string,
  { entry }: ReturnType<typeof question>,
): Promise<number> {
  const last = await mesh.journal.last(candidateId);
  const appended = await mesh.journal.append({ ...entry, candidateId, prev: last?.sequence ?? 0 });
  if (appended.kind !== "stored") throw new Error("not stored");
  return appended.sequence;
}

/** A late attempt on what is asked about. */
const SECOND = {
  kind: "attempt",
  stage: "live-ramp",
  attempt: 2,
  of: 3,
  next: "2026-03-01T09:00:00.005Z",
} as const;

test("many calls at once about one candidate tell its question once", async () => {
  const told: string[] = [];
  const deliver: Channel["deliver"] = async ({ key }) => {
    told.push(key);
    return TOLD;
  };
  const { desk } = await openDesk({ one: deliver }, () => START_MS);
  const sequence = await append("crowd-1", question(1));
  await Promise.all(Array.from({ length: 30 }, () => desk.settle("crowd-1")));
  expect(told).toEqual([`crowd-1.${sequence}.open`]);
  expect((await book.read("crowd-1")).record).toMatchObject({
    state: "open",
    delivery: null,
    channels: { one: { level: "open" } },
  });
});

test("a channel that fails is tried again when its pause is over; the others were told once", async () => {
  let ms = START_MS;
  let isDown = true;
  const texts: string[] = [];
  const flaky: Channel["deliver"] = async (notice) => {
    texts.push(JSON.stringify(notice));
    return isDown ? { kind: "failed", why: "no route to people" } : TOLD;
  };
  const { desk, outcomes } = await openDesk({ good: async () => TOLD, flaky }, () => ms);
  await append("down-1", question(1));
  await desk.settle("down-1");
  expect((await book.read("down-1")).record?.delivery).toMatchObject({
    claimedUntil: null,
    waiting: [{ name: "flaky", failed: 1, why: "no route to people" }],
  });
  // What is noted meanwhile changes the record, but not the words of the notice.
  await append("down-1", question(2, { about: SECOND }));
  isDown = false;
  await desk.settle("down-1");
  expect((await book.read("down-1")).record).toMatchObject({
    detail: expect.stringContaining("Attempt 2 of 3 failed:; next at 2026-03-01T09:00:00.005Z"),
  });
  expect(outcomes).toEqual(["good open told", "flaky open failed"]);
  ms += 1000;
  await desk.settle("down-1");
  expect(outcomes.slice(2)).toEqual(["flaky open told"]);
  expect(texts).toHaveLength(2);
  expect(texts[1]).toBe(texts[0]);
  expect((await book.read("down-1")).record).toMatchObject({ delivery: null, remindersSent: 0 });
});

test("what one channel was told is written while another still hangs", async () => {
  const gate = Promise.withResolvers<typeof TOLD>();
  const { desk } = await openDesk(
    { good: async () => TOLD, slow: () => gate.promise },
    () => START_MS,
  );
  await append("slow-1", question(1));
  const settling = desk.settle("slow-1");
  const record = await eventually(
    async () => {
      const read = (await book.read("slow-1")).record;
      return read?.channels["good"] ? read : undefined;
    },
    { what: "the good channel's end is written" },
  );
  expect(record.delivery?.waiting.map(({ name }) => name)).toEqual(["slow"]);
  expect(record.delivery?.claimedUntil).not.toBeNull();
  gate.resolve(TOLD);
  await settling;
  expect((await book.read("slow-1")).record?.delivery).toBeNull();
});

test("a channel that doesn't answer is given up in time and told so", async () => {
  let reason: unknown;
  const { desk, outcomes } = await openDesk(
    {
      hanging: (_, signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
          });
        }),
    },
    () => START_MS,
    300,
  );
  await append("hang-1", question(1));
  await desk.settle("hang-1");
  expect(outcomes).toEqual(["hanging open failed"]);
  expect(String(reason)).toContain("didn't answer within 100 ms");
});

test("an answer given while people are being told waits for that, then it is told", async () => {
  const gate = Promise.withResolvers<typeof TOLD>();
  const { desk, outcomes } = await openDesk(
    { one: async ({ kind }) => (kind === "open" ? gate.promise : TOLD) },
    () => START_MS,
  );
  await append("quick-1", question(1));
  const opening = desk.settle("quick-1");
  while ((await book.read("quick-1")).record === undefined) await delay(1);
  await append("quick-1", answer(2));
  expect(await desk.settle("quick-1")).toBe("later");
  gate.resolve(TOLD);
  expect(await opening).toBe("settled");
  expect(outcomes).toEqual(["one open told", "one resolved told"]);
  expect((await book.read("quick-1")).record).toMatchObject({
    state: "answered",
    answeredBy: "a person",
  });
});

test("a record that is answered and told of expires by itself", async () => {
  const { desk } = await openDesk({ one: async () => TOLD }, () => START_MS);
  await append("done-1", question(1));
  await desk.settle("done-1");
  await append("done-1", answer(2));
  await desk.settle("done-1");
  const of = { last_by_subj: "$KV.REVIEWS.done-1" };
  const stored = await mesh.jsm.streams.getMessage("KV_REVIEWS", of);
  expect(stored?.header.get("Nats-TTL")).toBe("60s");
});
