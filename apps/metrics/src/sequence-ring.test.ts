import { expect, test } from "vitest";

import { createSequenceRing } from "./sequence-ring.ts";

test("the latest sequences are remembered, older ones are pushed out", () => {
  const ring = createSequenceRing(4);
  expect([1, 4].map((sequence) => ring.has(sequence))).toEqual([false, false]);
  for (const sequence of [1, 2, 3, 4, 5]) ring.add(sequence);
  expect([1, 2, 3, 4, 5, 6].map((sequence) => ring.has(sequence))).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
  ]);
});
