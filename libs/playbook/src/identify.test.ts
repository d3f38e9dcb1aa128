import { CandidateId, RunId, Traceparent } from "@baton/contracts";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { candidateIdOf, digestOf, runIdOf, traceOf } from "./identify.ts";

test.each([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["é", "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"],
])("the digest of %j is SHA-256 over its UTF-8 bytes", (text, expected) => {
  expect(digestOf(text)).toBe(expected);
});

test("a candidate's id is 12 digits of the digest of its canonical specification", () => {
  expect(candidateIdOf({})).toBe(`cand-${digestOf("{}").slice(0, 12)}`);
  expect(candidateIdOf({ b: 1, a: [1.0, "x"] })).toBe(candidateIdOf({ a: [1, "x"], b: 1 }));
  expect(candidateIdOf({ a: 1 })).not.toBe(candidateIdOf({ a: "1" }));
});

test("a run's id depends on candidate, playbook and iteration, and on nothing else", () => {
  const id = runIdOf("cand-a1b2c3", "d".repeat(64), 0);
  expect(id).toBe(`run-${digestOf(`cand-a1b2c3.${"d".repeat(64)}.0`).slice(0, 12)}`);
  expect(
    new Set([
      id,
      runIdOf("cand-a1b2c3", "d".repeat(64), 1),
      runIdOf("cand-a1b2c3", "e".repeat(64), 0),
      runIdOf("cand-a1b2c4", "d".repeat(64), 0),
    ]).size,
  ).toBe(4);
});

test("ids are always valid, and the trace says whether it is sampled", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(100), (spec, iteration) => {
      const candidateId = CandidateId.parse(candidateIdOf(spec));
      const runId = RunId.parse(runIdOf(candidateId, "d".repeat(64), iteration));
      const [sampled, not] = [true, false].map((on) =>
        Traceparent.parse(traceOf(candidateId, runId, on)),
      );
      expect([sampled?.slice(-2), not?.slice(-2)]).toEqual(["01", "00"]);
      expect(sampled?.slice(0, -2)).toBe(not?.slice(0, -2));
      expect(sampled).not.toMatch(/^00-0{32}|-0{16}-/);
    }),
    { seed: 3, numRuns: 200 },
  );
});
