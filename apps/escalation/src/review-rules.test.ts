import {
  type Controls,
  originControls,
  type ReviewRecord,
  type StoredEntry,
} from "@baton/contracts";
import { expect, test } from "vitest";

import type { Attempt } from "./notices/delivery-rules.ts";
import { afterClaim, afterTelling, isDue } from "./notices/told-rules.ts";
import { answered, nextStep } from "./review-rules.ts";
import { policyOf } from "./testing/policy.ts";
import { answer, at, question, START_MS } from "./testing/question.ts";

const policy = policyOf({}, 1000);

const when = (ms: number, by = policy) => {
  return { policy: by, nowMs: START_MS + ms, isReachable: () => true };
};
const step = (last: StoredEntry | undefined, record: ReviewRecord | undefined, ms: number) =>
  nextStep({ last, record }, when(ms));

/** The record after every channel had its turn, all with this end. */
function tried(record: ReviewRecord, attempt: Attempt, ms: number): ReviewRecord {
  const waiting = record.delivery?.waiting ?? [];
  const attempts = new Map(waiting.map(({ name }) => [name, attempt]));
  const after = afterTelling(record, attempts, START_MS + ms);
  return afterClaim(after, record.delivery?.claimedUntil ?? "");
}
const told = (record: ReviewRecord, ms: number) => tried(record, { kind: "told" }, ms);
const notTold = (record: ReviewRecord, ms: number) =>
  tried(record, { kind: "failed", why: "down" }, ms);
const close = (record: ReviewRecord, ms: number) =>
  answered(record, { entry: answer(8).entry }, { policy, nowMs: START_MS + ms });
/** Which channels wait, how often they failed, and for what level. */
const waitingIn = ({ delivery }: ReviewRecord) => ({
  level: delivery?.notice.key.split(".")[2],
  waiting: delivery?.waiting.map(({ name, failed }) => `${name} ${failed}`),
});

function written(last: StoredEntry | undefined, record: ReviewRecord | undefined, ms: number) {
  const next = step(last, record, ms);
  if (next.kind !== "write") throw new Error(`nothing is written: ${next.kind}`);
  return next.record;
}

/** The record of a question that was told at once. */
const opened = (last = question(7)): ReviewRecord => told(written(last, undefined, 0), 0);

/** A late attempt on what is asked about. */
const SECOND = { kind: "attempt", stage: "live-ramp", attempt: 2, of: 3, next: at(5) } as const;

test("a question without a record is opened, with a notice to be told by the writer", () => {
  expect(step(question(7), undefined, 0)).toMatchObject({
    kind: "write",
    claimed: true,
    record: {
      sequence: 7,
      latest: 7,
      state: "open",
      action:
        "Read the evidence, then `baton approve cand-0001 --why …` or `baton reject cand-0001 --why …`.",
      channels: { one: null },
      delivery: {
        notice: { key: "cand-0001.7.open", kind: "open", time: at(0), severity: "warning" },
        claimedUntil: at(1000),
        waiting: [{ name: "one", failed: 0 }],
      },
    },
  });
});

test("what others wrote goes out printable, whatever channel it goes to", () => {
  const asked = question(7);
  const failure = {
    class: "deterministic",
    code: "E_TEST",
    message: "a\u202eb\nc",
    action: "Do\u001b[2J it.",
  } as const;
  const about = { kind: "failed", stage: "live-ramp", attempt: 1 } as const;
  const reason = "DETERMINISTIC_FAILURE" as const;
  const foreign = { ...asked, entry: { ...asked.entry, reason, about, failure } };
  expect(step(foreign, undefined, 0)).toMatchObject({
    record: {
      delivery: {
        notice: {
          detail: "live-ramp failed at attempt 1: E_TEST a\\u202eb\nc",
          action: expect.stringContaining('Do\\u001b[2J it"'),
        },
      },
    },
  });
});

test.each([undefined, answer(8)])("no question and no record: nothing is opened", (last) => {
  expect(step(last, undefined, 0)).toEqual({ kind: "rest" });
});

test("a notice that is being told is left to whoever claimed it, and taken over when the claim ends", () => {
  const fresh = written(question(7), undefined, 0);
  expect(step(question(7), fresh, 999)).toEqual({ kind: "rest" });
  expect(isDue(fresh, when(999))).toBe(false);
  expect(isDue(fresh, when(1000))).toBe(true);
  expect(written(question(7), fresh, 1000).delivery).toEqual({
    ...fresh.delivery,
    claimedUntil: at(2000),
  });
});

test("an entry that repeats the question is no other review", () => {
  const later = question(9, { about: SECOND, deadline: at(20_000) });
  expect(step(later, opened(), 10)).toMatchObject({
    kind: "write",
    claimed: false,
    record: {
      sequence: 7,
      latest: 9,
      detail: expect.stringContaining("Attempt 2 of 3 failed:; next at 2026-03-01T09:00:00.005Z"),
      deadline: at(20_000),
      delivery: null,
    },
  });
});

test.each([
  {
    what: "asked at another moment",
    changes: { review: { openedAt: at(5), next: null, evidence: null } },
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
    expect(waitingIn(record).level).toBe(level);
    record = told(record, ms);
    expect(record.channels["one"]).toEqual({ level, at: at(ms) });
  }
  expect(record.remindersSent).toBe(2);
  expect(step(last, record, 1_000_000)).toEqual({ kind: "rest" });
});

test("a passed deadline is told once and goes before a reminder", () => {
  const overdue = written(question(7), opened(), 10_000);
  expect(overdue).toMatchObject({
    overdueAt: at(10_000),
    delivery: { notice: { kind: "overdue", overdue: true } },
  });
  const after = told(overdue, 10_000);
  expect(step(question(7), after, 10_001)).toEqual({ kind: "rest" });
  expect(waitingIn(written(question(7), after, 13_000)).level).toBe("reminder-1");
});

test("what couldn't be told comes again, later each time, and a passed deadline takes its place", () => {
  const last = question(7, { deadline: at(2900) });
  let record = written(last, undefined, 0);
  let ms = 0;
  const pauses: number[] = [];
  for (let failed = 1; failed <= 2; failed += 1) {
    record = notTold(record, ms);
    const until = Date.parse(record.delivery?.waiting[0]?.nextAt ?? "") - START_MS;
    pauses.push(until - ms);
    ms = Math.min(until, 2899);
    expect(isDue(record, when(until - 1))).toBe(until > 2900);
    record = failed === 1 ? written(last, record, ms) : record;
    expect(waitingIn(record)).toEqual({ level: "open", waiting: [`one ${failed}`] });
  }
  expect(pauses).toEqual([1000, 2000]);
  expect(waitingIn(written(last, record, 2900))).toEqual({ level: "overdue", waiting: ["one 0"] });
});

test("a channel that is down holds up neither reminders to others nor gets what it missed", () => {
  const last = question(7, { deadline: null });
  const both = policyOf({ tell: ["one", "two"] }, 1000);
  const at0 = nextStep({ last, record: undefined }, when(0, both));
  if (at0.kind !== "write") throw new Error(at0.kind);
  const half = afterTelling(
    at0.record,
    new Map<string, Attempt>([
      ["one", { kind: "told" }],
      ["two", { kind: "failed", why: "down" }],
    ]),
    START_MS,
  );
  expect(waitingIn(half)).toEqual({ level: "open", waiting: ["two 1"] });
  const reminded = nextStep({ last, record: half }, when(3000, both));
  if (reminded.kind !== "write") throw new Error(reminded.kind);
  expect(waitingIn(reminded.record)).toEqual({ level: "reminder-1", waiting: ["one 0", "two 0"] });
  expect(reminded.record.channels).toEqual({ one: { level: "open", at: at(0) }, two: null });
});

test("a notice isn't due while none of its channels can be tried", () => {
  const last = question(7, { deadline: null });
  const record = notTold(written(last, undefined, 0), 0);
  const isDown = { ...when(1000), isReachable: () => false };
  expect(isDue(record, when(1000))).toBe(true);
  expect(isDue(record, isDown)).toBe(false);
  expect(nextStep({ last, record }, isDown)).toEqual({ kind: "rest" });
});

test("a level that is reached tells more channels, with a higher severity, and stays reached", () => {
  const last = question(7, { deadline: at(4000) });
  const levels = [
    { at: "reminder-1", also: ["pager"], severity: undefined },
    { at: "overdue", also: ["boss"], severity: "critical" },
  ] as const;
  const by = policyOf({ levels, severity: "info" }, 1000);
  let record: ReviewRecord | undefined;
  const seen: unknown[] = [];
  for (const ms of [0, 3000, 4000, 7000]) {
    const next = nextStep({ last, record }, when(ms, by));
    if (next.kind !== "write") throw new Error(next.kind);
    const { notice, waiting } = next.record.delivery ?? {};
    const names = waiting?.map(({ name }) => name).join(" ");
    seen.push([notice?.key.split(".")[2], names, notice?.severity, notice?.formerSeverities]);
    record = told(next.record, ms);
  }
  expect(seen).toEqual([
    ["open", "one", "info", []],
    ["reminder-1", "one pager", "info", []],
    ["overdue", "one pager boss", "critical", ["info"]],
    ["reminder-2", "one pager boss", "critical", ["info"]],
  ]);
  if (!record) throw new Error("no record");
  const over = answered(record, { entry: answer(8).entry }, { policy: by, nowMs: START_MS + 8000 });
  expect(over.delivery).toMatchObject({
    notice: { kind: "resolved", severity: "critical", answer: { by: "a person", what: "approve" } },
    waiting: [{ name: "one" }, { name: "pager" }, { name: "boss" }],
  });
});

test("an answered review waits while somebody is being told that it is open", () => {
  const fresh = written(question(7), undefined, 0);
  expect(step(answer(8), fresh, 10)).toEqual({ kind: "wait" });
  expect(step(answer(8), notTold(fresh, 10), 20).kind).toBe("find-answer");
  expect(step(answer(8), told(fresh, 10), 20).kind).toBe("find-answer");
});

test("the answer is kept with who gave it", () => {
  const record = answered(
    opened(),
    { entry: answer(8, { time: at(50) }).entry },
    {
      policy,
      nowMs: START_MS + 60,
    },
  );
  expect(record).toMatchObject({
    state: "answered",
    answeredAt: at(50),
    answeredBy: "a person",
    answer: "approve",
    delivery: { notice: { kind: "resolved", time: at(60) } },
  });
  const late = answered(
    opened(),
    { entry: answer(8, { cause: { kind: "deadline" } }).entry },
    {
      policy,
      nowMs: START_MS,
    },
  );
  expect(late).toMatchObject({ answeredBy: null, answer: "deadline" });
  const archived = answered(opened(), { entry: undefined }, { policy, nowMs: START_MS + 60 });
  expect(archived).toMatchObject({ answeredAt: at(60), answeredBy: null, answer: "archived" });
});

test("a stop that was lifted is told as such, by whom where the controls' last change is its end", () => {
  const stopped = question(7, { reason: "KILL_SWITCH" });
  const record = { ...opened(), reason: stopped.entry.reason };
  const { entry } = answer(8, { cause: { kind: "lifted" } });
  const after = (about: Controls["about"]) => {
    const lifted = { ...originControls(at(50)), about };
    return answered(record, { entry, lifted }, { policy, nowMs: START_MS + 60 });
  };
  const by = ["ben", "eve"];
  const released = after({ kind: "released", by, since: at(0), engagedBy: "ada" });
  expect(released.detail).toContain("released by ben and eve");
  const summary = released.delivery?.notice.summary;
  expect(summary).toContain(
    "waits no longer: what stopped it was lifted, and it goes on by itself",
  );
  expect(summary).not.toContain("nobody");
  expect(after({ kind: "incident-closed", id: "inc-1" }).detail).toBe(record.detail);
});

test("the next question waits for the news of the answer, but not for a second attempt", () => {
  const next = question(9, { runId: "run-0002" });
  const closed = close(opened(), 0);
  expect(step(next, closed, 10)).toEqual({ kind: "wait" });
  expect(step(answer(8), closed, 10)).toEqual({ kind: "rest" });
  // Whoever claimed it was killed: the news is still untold.
  expect(waitingIn(written(next, closed, 1000)).level).toBe("resolved");
  expect(written(next, notTold(closed, 0), 10)).toMatchObject({ sequence: 9, state: "open" });
  expect(written(next, told(closed, 0), 10)).toMatchObject({ sequence: 9, state: "open" });
});

test("an answered review opens nothing again when its entry comes once more", () => {
  const closed = told(close(opened(), 0), 0);
  expect(step(question(7), closed, 10)).toEqual({ kind: "rest" });
  expect(step(answer(8), closed, 10)).toEqual({ kind: "rest" });
});

test("a channel that refuses is tried again after the longest pause, whatever is told", () => {
  const refused: Attempt = { kind: "refused", why: "401" };
  for (const record of [written(question(7), undefined, 0), close(opened(), 0)])
    expect(tried(record, refused, 0).delivery?.waiting).toEqual([
      { name: "one", failed: 1, nextAt: at(300_000), why: "401" },
    ]);
});

test("a resolved review whose channel can't be reached is let be after a day", () => {
  const gone = (ms: number) => ({ ...when(ms), isReachable: () => false });
  const closed = notTold(close(opened(), 0), 0);
  const of = { last: answer(8), record: closed };
  const dayMs = 86_400_000;
  expect(isDue(closed, gone(dayMs - 1))).toBe(false);
  expect(nextStep(of, gone(dayMs - 1))).toEqual({ kind: "rest" });
  expect(isDue(closed, gone(dayMs))).toBe(true);
  expect(nextStep(of, gone(dayMs))).toMatchObject({ claimed: false, record: { delivery: null } });
  // One that can be reached has its last attempt then.
  expect(nextStep(of, when(dayMs))).toMatchObject({ claimed: true });
});
