import { setTimeout as delay } from "node:timers/promises";

import { type Mesh, openMesh } from "@baton/mesh";
import { startTelemetry } from "@baton/telemetry";
import { startTestNats, type TestNats } from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Notifier } from "./notifier.ts";
import { openReviewBook, type ReviewBook } from "./review-book.ts";
import { openReviewDesk, type ReviewDesk } from "./review-desk.ts";
import { answer, question, START_MS } from "./testing/question.ts";

let nats: TestNats;
let mesh: Mesh;
let book: ReviewBook;
beforeAll(async () => {
  nats = await startTestNats();
  mesh = await openMesh({ url: nats.url, name: "test", provision: true });
  book = openReviewBook({ mesh, keepAnsweredMs: 60_000, onForeign: () => {} });
}, 60_000);
afterAll(async () => {
  await mesh[Symbol.asyncDispose]();
  await nats.stop();
});

async function openDesk(
  notify: Notifier["notify"],
  now: () => number,
  leaseMs = 60_000,
): Promise<{ desk: ReviewDesk; outcomes: string[] }> {
  const outcomes: string[] = [];
  await using telemetry = await startTelemetry({
    service: "t",
    env: { BATON_LOG_LEVEL: "silent" },
  });
  const desk = openReviewDesk({
    mesh,
    book,
    notifier: { notify },
    policy: { reminderEveryMs: 600_000, remindersMax: 1, leaseMs },
    log: telemetry.log,
    now,
    onNotice: (kind, outcome) => outcomes.push(`${kind} ${outcome}`),
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

test("many calls at once about one candidate tell its question once", async () => {
  const told: string[] = [];
  const { desk } = await openDesk(
    async (_, { key }) => void told.push(key),
    () => START_MS,
  );
  const sequence = await append("crowd-1", question(1));
  await Promise.all(Array.from({ length: 30 }, () => desk.settle("crowd-1")));
  expect(told).toEqual([`crowd-1.${sequence}.open`]);
  expect((await book.read("crowd-1")).record).toMatchObject({ state: "open", notice: null });
});

test("a notice that fails stands in the record and is told when its pause is over", async () => {
  let ms = START_MS;
  let isDown = true;
  const { desk, outcomes } = await openDesk(
    async () => {
      if (isDown) throw new Error("no route to people");
    },
    () => ms,
  );
  await append("down-1", question(1));
  await desk.settle("down-1");
  expect((await book.read("down-1")).record?.notice).toMatchObject({ level: "open", failed: 1 });
  isDown = false;
  await desk.settle("down-1");
  expect(outcomes).toEqual(["open failed"]);
  ms += 1000;
  await desk.settle("down-1");
  expect(outcomes).toEqual(["open failed", "open told"]);
  expect((await book.read("down-1")).record).toMatchObject({ notice: null, remindersSent: 0 });
});

test("a notifier that doesn't answer is given up in time and told so", async () => {
  let reason: unknown;
  const { desk, outcomes } = await openDesk(
    (_, __, signal) =>
      new Promise(() => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
        });
      }),
    () => START_MS,
    300,
  );
  await append("hang-1", question(1));
  await desk.settle("hang-1");
  expect(outcomes).toEqual(["open failed"]);
  expect(String(reason)).toContain("didn't answer within 100 ms");
});

test("an answer given while people are being told waits for that, then it is told", async () => {
  const gate = Promise.withResolvers<void>();
  const { desk, outcomes } = await openDesk(
    async (kind) => (kind === "open" ? gate.promise : undefined),
    () => START_MS,
  );
  await append("quick-1", question(1));
  const opening = desk.settle("quick-1");
  while ((await book.read("quick-1")).record === undefined) await delay(1);
  await append("quick-1", answer(2));
  expect(await desk.settle("quick-1")).toBe("later");
  gate.resolve();
  expect(await opening).toBe("settled");
  expect(outcomes).toEqual(["open told", "resolved told"]);
  expect((await book.read("quick-1")).record).toMatchObject({
    state: "answered",
    answeredBy: "a person",
  });
});

test("a record that is answered and told of expires by itself", async () => {
  const { desk } = await openDesk(
    async () => {},
    () => START_MS,
  );
  await append("done-1", question(1));
  await desk.settle("done-1");
  await append("done-1", answer(2));
  await desk.settle("done-1");
  const of = { last_by_subj: "$KV.REVIEWS.done-1" };
  const stored = await mesh.jsm.streams.getMessage("KV_REVIEWS", of);
  expect(stored?.header.get("Nats-TTL")).toBe("60s");
});
