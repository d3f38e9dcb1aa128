import * as fc from "fast-check";
import { expect, test } from "vitest";

import { cut, MAX_TEXT } from "./failure.ts";

test("a text that fits stays as it is; a longer one ends in an ellipsis", () => {
  expect([cut("abc", 3), cut("abcd", 3), cut("x".repeat(MAX_TEXT + 1)).length]).toEqual([
    "abc",
    "ab…",
    MAX_TEXT,
  ]);
});

test("a cut never goes through the middle of a character", () => {
  expect([cut("ab🙂cd", 4), cut("ab🙂cd", 5)]).toEqual(["ab…", "ab🙂…"]);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, max) => {
      const short = cut(text, max);
      expect(short.length).toBeLessThanOrEqual(Math.max(max, 1));
      expect(short.isWellFormed()).toBe(true);
    }),
    { seed: 5, numRuns: 500 },
  );
});
