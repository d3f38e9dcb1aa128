import { expect, test } from "vitest";

import {
  CandidateId,
  deduplicationId,
  Instant,
  PreciseInstant,
  Stage,
  Traceparent,
} from "./names.ts";
import { REASONS } from "./reason.ts";

test.each([
  ["cand-1", true],
  ["0abcde", true],
  ["x".repeat(63), true],
  ["cand1", false],
  ["x".repeat(64), false],
  ["-cand-1", false],
  ["cand-1-", false],
  ["Cand-1", false],
  ["cand_1", false],
  ["cand-1\n", false],
  ["cand.1", false],
])("%j is a candidate's id: %s", (id, is) => {
  expect(CandidateId.safeParse(id).success).toBe(is);
});

test.each([
  ["a", true],
  ["live-ramp", true],
  ["constructor", true],
  ["__proto__", false],
  ["1st", false],
  ["live-", false],
  ["", false],
  ["x".repeat(64), false],
])("%j is a stage's name: %s", (name, is) => {
  expect(Stage.safeParse(name).success).toBe(is);
});

test.each([
  ["2026-03-01T09:00:00.000Z", true],
  ["2024-02-29T09:00:00.000Z", true],
  ["2023-02-29T09:00:00.000Z", false],
  ["2026-03-01T09:00:00Z", false],
  ["2026-03-01T09:00:00.000+01:00", false],
  ["2026-03-01T24:00:00.000Z", false],
  ["1 March 2026", false],
])("%s is an instant: %s", (time, is) => {
  expect(Instant.safeParse(time).success).toBe(is);
});

test("the server's stamps have microseconds", () => {
  expect(PreciseInstant.safeParse("2026-03-01T09:00:00.000001Z").success).toBe(true);
  expect(PreciseInstant.safeParse("2026-03-01T09:00:00.000Z").success).toBe(false);
});

test("a trace context is of version 00 and complete", () => {
  const trace = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  expect(Traceparent.safeParse(trace).success).toBe(true);
  expect(Traceparent.safeParse(trace.slice(0, -3)).success).toBe(false);
});

test("a stage run is known by candidate, stage and run", () => {
  expect(deduplicationId({ candidateId: "cand-1", stage: "live-ramp", runId: "run-12" })).toBe(
    "cand-1.live-ramp.run-12",
  );
});

test.each(Object.entries(REASONS))(
  "%s says in whole sentences what it means and what to do",
  (code, reason) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(reason.meaning).toMatch(/^[A-Z].*\.$/);
    expect(reason.action).toMatch(/[.`]$/);
  },
);
