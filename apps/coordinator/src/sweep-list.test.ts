import type { Entry } from "@baton/contracts";
import { sampleEntry } from "@baton/testkit";
import { expect, test } from "vitest";

import { openSweepList } from "./sweep-list.ts";
import { openKnown } from "./testing/known.ts";

const NOON = Date.parse("2026-03-01T12:00:00.000Z");
const at = (seconds: number) => new Date(NOON + seconds * 1000).toISOString();

function entryOf(changes: Partial<Entry>): Entry {
  return sampleEntry({ candidateId: "cand-1", time: at(0), deadline: at(100), ...changes });
}

function open() {
  const known = openKnown();
  return { known, note: known.note, list: openSweepList(known) };
}

test("a deadline is told once it's over, and again every half minute until an entry moves the candidate", () => {
  const { note, list } = open();
  note({ sequence: 5, entry: entryOf({}) });
  expect(list.takeDue(NOON + 99_000)).toEqual([]);
  expect(list.takeDue(NOON + 100_000)).toEqual(["cand-1"]);
  expect(list.takeDue(NOON + 101_000)).toEqual([]);
  expect(list.takeDue(NOON + 130_000)).toEqual(["cand-1"]);
  note({ sequence: 6, entry: entryOf({ n: 2, holder: "review", awaits: 5 }) });
  expect(list.takeDue(NOON + 900_000)).toEqual([]);
  expect(list.awaited()).toEqual([]);
});

test("what a lane has had for long enough is unattended, by the sequence of its dispatch", () => {
  const { note, list } = open();
  note({ sequence: 5, entry: entryOf({}) });
  note({ sequence: 6, entry: entryOf({ n: 2, awaits: 5, time: at(10) }) });
  note({ sequence: 7, entry: entryOf({ candidateId: "cand-2", holder: "lane-b" }) });
  expect(list.awaited().toSorted()).toEqual(["lane-a", "lane-b"]);
  expect(list.takeUnattended("lane-a", NOON + 9_000, NOON)).toEqual([]);
  expect(list.takeUnattended("lane-a", NOON + 10_000, NOON)).toEqual([
    { candidateId: "cand-1", dispatch: 5 },
  ]);
  expect(list.takeUnattended("lane-a", NOON + 10_000, NOON + 29_999)).toEqual([]);
  expect(list.takeUnattended("lane-a", NOON + 10_000, NOON + 30_000)).toHaveLength(1);
});

test("a candidate whose lane has no workers is waited for, and neither due nor unattended", () => {
  const { note, list } = open();
  const cause = { kind: "no-workers", lane: "lane-c", since: at(0) } as const;
  const asked = entryOf({ n: 2, holder: "review", awaits: 5, reason: "NO_WORKERS", cause });
  note({ sequence: 6, entry: asked });
  expect(list.awaited()).toEqual(["lane-c"]);
  expect(list.takeDue(NOON + 1e9)).toEqual([]);
  expect(list.takeUnattended("lane-c", NOON + 1e9, NOON)).toEqual([]);
  expect(list.takeUnmanned("lane-c", NOON)).toEqual([{ candidateId: "cand-1", dispatch: 5 }]);
  note({ sequence: 7, entry: entryOf({ n: 3, holder: "lane-c", awaits: 5 }) });
  expect(list.takeUnmanned("lane-c", NOON + 1e9)).toEqual([]);
});

test("of all that wait for a lane's workers the oldest is to be asked about, unless one is; the others are noted once", () => {
  const { note, list } = open();
  const cause = { kind: "no-workers", lane: "lane-c", since: at(0) } as const;
  const about = { kind: "no-workers", stage: "check" } as const;
  const of = (candidateId: string, changes: Partial<Entry> = {}) =>
    entryOf({ candidateId, holder: "lane-c", ...changes });
  note({ sequence: 8, entry: of("cand-8") });
  note({ sequence: 5, entry: of("cand-5") });
  note({ sequence: 6, entry: of("cand-6") });
  const late = NOON + 1e9;
  expect(list.longestUnattended("lane-c", NOON - 1, NOON)).toBeUndefined();
  const oldest = { candidateId: "cand-5", dispatch: 5, waiting: 3 };
  expect(list.longestUnattended("lane-c", late, NOON)).toEqual(oldest);
  expect(list.takeUnattended("lane-c", late, NOON).map((one) => one.dispatch)).toEqual([8, 6]);
  const noted = { n: 2, awaits: 6, about, cause };
  note({ sequence: 9, entry: of("cand-6", noted) });
  const asked = of("cand-5", { n: 2, awaits: 5, holder: "review", reason: "NO_WORKERS", cause });
  note({ sequence: 10, entry: asked });
  expect(list.longestUnattended("lane-c", late, late)).toBeUndefined();
  expect(list.takeUnattended("lane-c", late, late)).toEqual([
    { candidateId: "cand-8", dispatch: 8 },
  ]);
  expect(list.takeUnmanned("lane-c", NOON).map((one) => one.candidateId)).toEqual([
    "cand-5",
    "cand-6",
  ]);
  // Who was asked about is closed: the question goes to the next one.
  const closed = { n: 3, holder: "closed", awaits: null, deadline: null } as const;
  note({ sequence: 11, entry: of("cand-5", closed) });
  const next = { candidateId: "cand-6", dispatch: 6, waiting: 2 };
  expect(list.longestUnattended("lane-c", late, late)).toEqual(next);
});

test("an older entry that is read later changes nothing", () => {
  const { known, note, list } = open();
  note({ sequence: 6, entry: entryOf({ n: 2, holder: "lane-b" }) });
  note({ sequence: 5, entry: entryOf({ n: 1 }) });
  expect(list.awaited()).toEqual(["lane-b"]);
  note({
    sequence: 7,
    entry: entryOf({ n: 3, holder: "closed", awaits: null, deadline: null }),
  });
  expect(known.whereabouts.size).toBe(0);
});
