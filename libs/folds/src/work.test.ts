import type { Entry } from "@baton/contracts";
import { sampleEntry } from "@baton/testkit";
import { expect, test } from "vitest";

import { messageOf } from "./fold.ts";
import { work, type Work } from "./work.ts";

/** The state after a candidate's entries, the first of which JOURNAL has at 10. */
function after(all: readonly Partial<Entry>[], state: Work = work.empty()): Work {
  return all.reduce<Work>(
    (known, changes, index) =>
      work.apply(
        known,
        messageOf({ sequence: 10 + index, entry: sampleEntry({ n: index + 1, ...changes }) }),
      ),
    state,
  );
}

const CLOSED = { holder: "closed", awaits: null, deadline: null, reason: "CANCELLED" } as const;
const BUILT = { holder: "lane-b", stage: "candidate-build" } as const;
const TAKEN = {
  kind: "report",
  sequence: 7,
  attempt: 2,
  storedAt: "2026-03-01T09:00:42.500000Z",
  from: "research-intake",
} as const;
const taken = {
  sequence: 7,
  attempt: 2,
  stage: "research-intake",
  storedMs: Date.parse("2026-03-01T09:00:42.500Z"),
  candidateId: "cand-sample",
};
const counts = ({ places }: Work) =>
  [...places.values()].map((one) => `${one.holder} ${one.reason} ${one.candidates}`);

test("a candidate is counted where it stands last, and nowhere once it is closed", () => {
  const asked = { holder: "review", stage: "candidate-build", reason: "PAUSED" } as const;
  let state = after([BUILT]);
  state = after([{ ...BUILT, candidateId: "cand-0002" }], state);
  state = after([{ ...asked, candidateId: "cand-0002" }], state);
  expect(counts(state)).toEqual(["lane-b STAGE_PASSED 1", "review PAUSED 1"]);
  const ends = ["cand-sample", "cand-0002", "cand-0003"];
  state = after(
    ends.map((candidateId) => ({ ...CLOSED, candidateId })),
    state,
  );
  expect(counts(state)).toEqual(["lane-b STAGE_PASSED 0", "review PAUSED 0"]);
  expect(state.open.size).toBe(0);
});

test("a report that led to an entry is taken once, with the dispatch that it answered", () => {
  const [first, ...more] = after([{}, { ...BUILT, cause: TAKEN }]).taken;
  expect(more).toEqual([]);
  expect(first).toMatchObject({ ...taken, retried: false });
  expect(first?.dispatch).toMatchObject({ sequence: 10, from: null });
});

test.each([
  { reason: "RETRY_BACKOFF", awaits: 10, holder: "lane-a", retried: true },
  // An attempt that came while people were asked, one that was the result, a new run of the stage, an end.
  { reason: "DEADLINE_PASSED", awaits: 10, holder: "review", retried: true },
  { reason: "SPEC_INVALID", awaits: null, holder: "review", retried: false },
  { reason: "LOOPED_BACK", awaits: 0, holder: "lane-a", retried: false },
  { reason: "COMPLETED", awaits: null, holder: "closed", retried: false },
] as const)("what became of the report that led to $reason is told", ({ retried, ...changes }) => {
  const state = after([{}, { ...changes, cause: TAKEN }]);
  expect(state.taken).toMatchObject([{ ...taken, retried }]);
});

test("a report is taken against the dispatch before it, and what follows knows the stage before", () => {
  const state = after([
    {},
    { ...BUILT, cause: TAKEN },
    { ...BUILT, holder: "review", awaits: null },
    { ...CLOSED, cause: { ...TAKEN, sequence: 9, from: "candidate-build" } },
  ]);
  expect(state.taken.map(({ sequence, dispatch }) => [sequence, dispatch.sequence])).toEqual([
    [7, 10],
    [9, 11],
  ]);
  expect(state.taken[1]?.dispatch.from).toEqual({
    stage: "research-intake",
    storedMs: taken.storedMs,
  });
});
