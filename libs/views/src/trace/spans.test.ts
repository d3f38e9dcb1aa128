import { askedBy, causedBy, instant, keptResult, reported, START_MS, stored } from "@baton/testkit";
import { describe, expect, test } from "vitest";

import { type Span, spansOf, totalsOf } from "./spans.ts";

const at = (span: Span): [string, number, number] => [
  span.kind,
  span.startMs - START_MS,
  span.endMs - START_MS,
];
const now = START_MS + 100_000;

describe("a stage that passes", () => {
  const entries = [
    stored(1, 0),
    stored(2, 540, { stage: "check", holder: "closed", deadline: null, cause: causedBy(1, 500) }),
  ];
  const reports = [reported(1, { answers: 1, startedMs: 20, storedMs: 500 })];

  test("is queue, lane, coordinator, without a gap (T2)", () => {
    expect(spansOf(entries, reports, { now }).map(at)).toEqual([
      ["queue", 0, 20],
      ["lane", 20, 500],
      ["coordinator", 500, 540],
    ]);
  });

  test("adds up to the time from its first entry to its last", () => {
    const totals = totalsOf(spansOf(entries, reports, { now }));
    expect(totals).toEqual({ queue: 20, lane: 480, retry: 0, coordinator: 40, human: 0 });
  });

  test("keeps a lane's wrong clock between dispatch and report (T1)", () => {
    const early = [reported(1, { answers: 1, startedMs: -90_000, storedMs: 500 })];
    expect(spansOf(entries, early, { now }).map(at)[0]).toEqual(["queue", 0, 0]);
    const late = [reported(1, { answers: 1, startedMs: 90_000, storedMs: 500 })];
    expect(spansOf(entries, late, { now }).map(at)[0]).toEqual(["queue", 0, 500]);
  });
});

test("a failed attempt is followed by a wait for the next one", () => {
  const entries = [
    stored(1, 0),
    stored(2, 110, { reason: "RETRY_BACKOFF", awaits: 1, attempt: 1, cause: causedBy(1, 100) }),
    stored(3, 2050, { holder: "closed", deadline: null, cause: causedBy(2, 2000, 2) }),
  ];
  const reports = [
    reported(1, { answers: 1, startedMs: 10, storedMs: 100, failedWith: "E_DATA_UNAVAILABLE" }),
    reported(2, { answers: 1, startedMs: 1100, storedMs: 2000, attempt: 2 }),
  ];
  const spans = spansOf(entries, reports, { now });
  expect(spans.map(at)).toEqual([
    ["queue", 0, 10],
    ["lane", 10, 100],
    ["coordinator", 100, 110],
    ["retry", 110, 1100],
    ["lane", 1100, 2000],
    ["coordinator", 2000, 2050],
  ]);
  expect(spans[1]?.note).toBe("failed: E_DATA_UNAVAILABLE");
  expect(spans.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 2, 2, 2]);
});

test("deliveries that a lane died on are told", () => {
  const entries = [
    stored(1, 0),
    stored(2, 5000, { holder: "closed", deadline: null, cause: causedBy(1, 4900, 3) }),
  ];
  const reports = [reported(1, { answers: 1, startedMs: 4000, storedMs: 4900, attempt: 3 })];
  const [first] = spansOf(entries, reports, { now });
  expect(first).toMatchObject({ kind: "retry", note: "2 deliveries without an answer" });
});

test("a review is people's time, and says who ended it", () => {
  const review = { openedAt: instant(0), action: "approve", next: "release", evidence: null };
  const entries = [
    stored(1, 0, { holder: "review", reason: "APPROVAL_REQUIRED", awaits: null, review }),
    stored(2, 60_000, { holder: "closed", deadline: null, cause: askedBy("bob", "reject") }),
  ];
  const spans = spansOf(entries, [], { now });
  expect(spans.map(at)).toEqual([["human", 0, 60_000]]);
  expect(spans[0]?.note).toBe("APPROVAL_REQUIRED → reject by bob");
});

test("time stopped by the kill switch is people's time, not the lane's, until the stop is lifted", () => {
  const kept = keptResult();
  const entries = [
    stored(1, 0),
    stored(2, 540, {
      holder: "review",
      reason: "KILL_SWITCH",
      awaits: null,
      kept,
      cause: causedBy(1, 500),
    }),
    stored(3, 90_000, { stage: "check", cause: { kind: "lifted" } }),
  ];
  const reports = [reported(1, { answers: 1, startedMs: 20, storedMs: 500 })];
  const spans = spansOf(entries, reports, { now });
  expect(spans.find(({ kind }) => kind === "human")).toMatchObject({
    startMs: START_MS + 540,
    endMs: START_MS + 90_000,
    note: "KILL_SWITCH → stop lifted",
  });
  expect(totalsOf(spans)).toMatchObject({ lane: 480, human: 89_460 });
});

test("what an incident ended says which one", () => {
  const cause = {
    kind: "incident",
    incidentId: "inc-0123456789ab",
    class: "A",
    by: "ada",
    why: "x",
  } as const;
  const entries = [stored(1, 0), stored(2, 800, { stage: "check", cause })];
  expect(spansOf(entries, [], { now })[0]?.note).toBe("incident inc-0123456789ab by ada");
});

test("what goes on is open, in the queue until it was delivered", () => {
  const entries = [stored(7, 0)];
  expect(spansOf(entries, [], { now, deliveredThrough: 6 })).toMatchObject([
    { kind: "queue", open: true, endMs: now },
  ]);
  expect(spansOf(entries, [], { now, deliveredThrough: 7 })).toMatchObject([
    { kind: "lane", open: true, endMs: now },
  ]);
});

test("only the run that is asked for is answered", () => {
  const entries = [
    stored(1, 0),
    stored(2, 100, { runId: "run-another", cause: askedBy("ada", "resume") }),
  ];
  const spans = spansOf(entries, [], { now, runId: "run-another" });
  expect(spans.map(({ runId }) => runId)).toEqual(["run-another"]);
});
