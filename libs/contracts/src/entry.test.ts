import { expect, test } from "vitest";

import { awaitedDispatch, type Entry, isDispatch } from "./entry.ts";

/** Only what these functions read. */
const entryOf = (holder: Entry["holder"], awaits: number | null) => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest of an entry plays no part here
  return { holder, awaits } as Entry;
};

test.each([
  ["lane-a", 0, true, 7],
  ["lane-a", 5, false, 5],
  ["review", 5, false, 5],
  ["review", null, false, undefined],
  ["closed", null, false, undefined],
  // Nobody writes these; they must not start a lane.
  ["review", 0, false, 7],
  ["closed", 0, false, 7],
] as const)(
  "an entry for %s that awaits %j: dispatch %s, awaited %j",
  (...[holder, awaits, dispatch, awaited]) => {
    const entry = entryOf(holder, awaits);
    expect(isDispatch(entry)).toBe(dispatch);
    expect(awaitedDispatch({ sequence: 7, entry })).toBe(awaited);
  },
);
