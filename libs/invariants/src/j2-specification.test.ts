import { expect, test } from "vitest";

import { checkSpecification } from "./j2-specification.ts";
import { SPEC } from "./testing/story.ts";

const USUAL = { firstRow: 200, trainRows: 1008, purgeRows: 5, embargoRows: 0, testRows: 252 };

/** What is told of a walk-forward with these windows, under a specification with those. */
function toldOf(scheme: object, walkForward?: object): string[] {
  const told: string[] = [];
  const artifact = { schemaVersion: "baton.walkforward-results.v1", scheme };
  const content = new TextEncoder().encode(JSON.stringify(artifact));
  const spec = { ...SPEC, ...(walkForward && { walkForward }) };
  checkSpecification({ spec }, { name: "walk.json", content }, (what) => told.push(what));
  return told;
}

test("J2: a walk-forward counts with the windows that were submitted, what was left out as usual", () => {
  const other = ["counts on walk.json, whose scheme of windows isn't what was submitted"];
  expect(toldOf(USUAL)).toEqual([]);
  expect(toldOf({ ...USUAL, trainRows: 504 }, { trainRows: 504 })).toEqual([]);
  expect(toldOf({ ...USUAL, trainRows: 504 })).toEqual(other);
  expect(toldOf({ ...USUAL, purgeRows: 0 }, { trainRows: 1008 })).toEqual(other);
  expect(toldOf(USUAL, { testRows: 63 })).toEqual(other);
});
