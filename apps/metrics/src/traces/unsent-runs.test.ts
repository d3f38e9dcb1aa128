import { expect, test } from "vitest";

import { createUnsentRuns, type Noted, type UnsentRuns } from "./unsent-runs.ts";

let sequence = 0;

function noted(candidateId: string, changes: Partial<Noted> = {}): Noted {
  sequence += 1;
  const plain = { isSampled: false, isNotable: false, isClosed: false, isOld: false };
  return { candidateId, sequence, ...plain, ...changes };
}

function opened(room = 10): { runs: UnsentRuns; givenUp: () => number } {
  sequence = 0;
  let givenUp = 0;
  const runs = createUnsentRuns({ room, onGivenUp: (more) => (givenUp += more) });
  return { runs, givenUp: () => givenUp };
}

test("what the head sampler left out is sent from its first entry on as soon as something happens, and then to its end (U1)", () => {
  const { runs } = opened();
  runs.note(noted("cand-a"));
  expect(runs.take()).toBeUndefined();
  runs.note(noted("cand-a", { isNotable: true }));
  expect(runs.take()).toEqual({ candidateId: "cand-a", from: 0, through: 2, tries: 0 });
  runs.note(noted("cand-a"));
  runs.note(noted("cand-a", { isClosed: true }));
  expect(runs.take()).toEqual({ candidateId: "cand-a", from: 3, through: 4, tries: 0 });
  runs.note(noted("cand-a"));
  expect(runs.waiting).toBe(0);
});

test("what was sent before a restart isn't, but what is notable is known (S2)", () => {
  const { runs } = opened();
  runs.note(noted("cand-a", { isNotable: true, isOld: true }));
  runs.note(noted("cand-b", { isSampled: true, isOld: true }));
  expect(runs.waiting).toBe(0);
  runs.note(noted("cand-a", { isClosed: true }));
  expect(runs.take()).toMatchObject({ candidateId: "cand-a", from: 3 });
});

test("what couldn't be sent waits with what came since, and too many are given up, the oldest first (U2)", () => {
  const { runs, givenUp } = opened(2);
  runs.note(noted("cand-a", { isSampled: true }));
  const taken = runs.take();
  runs.note(noted("cand-a", { isSampled: true }));
  runs.putBack(taken ? [taken] : []);
  expect(runs.take()).toEqual({ candidateId: "cand-a", from: 1, through: 2, tries: 1 });
  for (const id of ["cand-b", "cand-c", "cand-d"]) runs.note(noted(id, { isSampled: true }));
  expect([runs.waiting, givenUp(), runs.take()?.candidateId]).toEqual([2, 1, "cand-c"]);
});
