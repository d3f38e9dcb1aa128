import type { ReviewRecord, StoredEntry } from "@baton/contracts";
import { expect, test } from "vitest";

import { answered, isDue, nextStep, type NoticePolicy, notTold, told } from "./review-rules.ts";
import { answer, at, question, START_MS } from "./testing/question.ts";

const policy: NoticePolicy = { reminderEveryMs: 3000, remindersMax: 2, leaseMs: 1000 };

const step = (last: StoredEntry | undefined, record: ReviewRecord | undefined, ms: number) =>
  nextStep({ last, record }, policy, START_MS + ms);

function written(last: StoredEntry | undefined, record: ReviewRecord | undefined, ms: number) {
  const next = step(last, record, ms);
  if (next.kind !== "write") throw new Error(`nothing is written: ${next.kind}`);
  return next.record;
}

/** The record of a question that was told at once. */
const opened = (last = question(7)): ReviewRecord => told(written(last, undefined, 0), START_MS);

test("a question without a record is opened, with a notice to be told by the writer", () => {
  expect(step(question(7), undefined, 0)).toMatchObject({
    kind: "write",
    claimed: true,
    record: {
      sequence: 7,
      latest: 7,
      state: "open",
      action: "Approve it.",
      notice: { level: "open", failed: 0, claimedUntil: at(1000) },
    },
  });
});

test.each([undefined, answer(8)])("no question and no record: nothing is opened", (last) => {
  expect(step(last, undefined, 0)).toEqual({ kind: "rest" });
});

test("a notice that is being told is left to whoever claimed it, and taken over when the claim ends", () => {
  const fresh = written(question(7), undefined, 0);
  expect(step(question(7), fresh, 999)).toEqual({ kind: "rest" });
  expect(isDue(fresh, policy, START_MS + 999)).toBe(false);
  expect(isDue(fresh, policy, START_MS + 1000)).toBe(true);
  expect(written(question(7), fresh, 1000).notice).toEqual({
    level: "open",
    failed: 0,
    claimedUntil: at(2000),
  });
});

test("an entry that repeats the question is no other review", () => {
  const later = question(9, { detail: "attempt 2 failed", deadline: at(20_000) });
  expect(step(later, opened(), 10)).toMatchObject({
    kind: "write",
    claimed: false,
    record: {
      sequence: 7,
      latest: 9,
      detail: "attempt 2 failed",
      deadline: at(20_000),
      notice: null,
    },
  });
});

test.each([
  {
    what: "asked at another moment",
    changes: { review: { openedAt: at(5), action: "", next: null, evidence: null } },
  },
  { what: "for another reason", changes: { reason: "PAUSED" as const } },
  { what: "in another run", changes: { runId: "run-0002" } },
])("a question $what ends the review before it", ({ changes }) => {
  expect(step(question(9, changes), opened(), 10).kind).toBe("find-answer");
});

test("reminders come one by one after silence, as many as allowed", () => {
  const last = question(7, { deadline: null });
  let record = opened(last);
  for (const [level, ms] of [
    ["reminder-1", 3000],
    ["reminder-2", 6000],
  ] as const) {
    expect(step(last, record, ms - 1)).toEqual({ kind: "rest" });
    record = written(last, record, ms);
    expect(record.notice?.level).toBe(level);
    record = told(record, START_MS + ms);
  }
  expect(record.remindersSent).toBe(2);
  expect(step(last, record, 1_000_000)).toEqual({ kind: "rest" });
});

test("a passed deadline is told once and goes before a reminder", () => {
  const overdue = written(question(7), opened(), 10_000);
  expect(overdue).toMatchObject({ overdueAt: at(10_000), notice: { level: "overdue" } });
  const after = told(overdue, START_MS + 10_000);
  expect(step(question(7), after, 10_001)).toEqual({ kind: "rest" });
  expect(written(question(7), after, 13_000).notice?.level).toBe("reminder-1");
});

test("what couldn't be told comes again, later each time, and is replaced by a passed deadline", () => {
  let record = written(question(7), undefined, 0);
  const pauses: number[] = [];
  let ms = 0;
  for (let failed = 1; failed <= 3; failed += 1) {
    record = notTold(record, START_MS + ms);
    const until = Date.parse(record.notice?.claimedUntil ?? "") - START_MS;
    pauses.push(until - ms);
    ms = until;
    record = written(question(7), record, ms);
    expect(record.notice).toMatchObject({ level: "open", failed });
  }
  expect(pauses).toEqual([1000, 2000, 4000]);
  expect(written(question(7), notTold(record, START_MS), 10_000).notice).toMatchObject({
    level: "overdue",
    failed: 0,
  });
});

test("an answered review waits while somebody is being told that it is open", () => {
  const fresh = written(question(7), undefined, 0);
  expect(step(answer(8), fresh, 10)).toEqual({ kind: "wait" });
  expect(step(answer(8), notTold(fresh, START_MS + 10), 20).kind).toBe("find-answer");
  expect(step(answer(8), told(fresh, START_MS), 20).kind).toBe("find-answer");
});

test("the answer is kept with who gave it", () => {
  const record = answered(opened(), answer(8, { time: at(50) }).entry, {
    policy,
    nowMs: START_MS + 60,
  });
  expect(record).toMatchObject({
    state: "answered",
    answeredAt: at(50),
    answeredBy: "a person",
    answer: "approve",
    notice: { level: "resolved" },
  });
  const late = answered(opened(), answer(8, { cause: { kind: "deadline" } }).entry, {
    policy,
    nowMs: START_MS,
  });
  expect(late).toMatchObject({ answeredBy: null, answer: "deadline" });
  const archived = answered(opened(), undefined, { policy, nowMs: START_MS + 60 });
  expect(archived).toMatchObject({ answeredAt: at(60), answeredBy: null, answer: "archived" });
});

test("the next question waits for the news of the answer, but not for a second attempt", () => {
  const next = question(9, { runId: "run-0002" });
  const closed = answered(opened(), answer(8).entry, { policy, nowMs: START_MS });
  expect(step(next, closed, 10)).toEqual({ kind: "wait" });
  expect(step(answer(8), closed, 10)).toEqual({ kind: "rest" });
  expect(written(next, notTold(closed, START_MS), 10)).toMatchObject({
    sequence: 9,
    state: "open",
  });
  expect(written(next, told(closed, START_MS), 10)).toMatchObject({ sequence: 9, state: "open" });
});

test("an answered review opens nothing again when its entry comes once more", () => {
  const closed = told(answered(opened(), answer(8).entry, { policy, nowMs: START_MS }), START_MS);
  expect(step(question(7), closed, 10)).toEqual({ kind: "rest" });
  expect(step(answer(8), closed, 10)).toEqual({ kind: "rest" });
});

test("telling that a review was resolved is given up after eight attempts", () => {
  let record = answered(opened(), answer(8).entry, { policy, nowMs: START_MS });
  for (let attempt = 1; attempt < 8; attempt += 1) record = notTold(record, START_MS);
  expect(record.notice?.failed).toBe(7);
  expect(notTold(record, START_MS).notice).toBeNull();
});
