import { FAILURE_CLASSES } from "@baton/contracts";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { stageRule } from "../format/playbook.ts";
import policyText from "../testing/public-policy.yaml?raw";
import { loaded } from "../testing/story.ts";
import {
  backoff,
  countFailure,
  evaluateFailure,
  retryDelay,
  retryRuleOf,
} from "./failure-policy.ts";

const rule = stageRule(loaded(parse(policyText)), "backtest-robustness");
const { transient } = rule.policies;

test.each([
  [1, 15],
  [2, 30],
  [3, 60],
  [4, 120],
])("transient attempt %i is retried after %i s", (attempt, seconds) => {
  const failure = { class: "transient", attempt, failuresBefore: attempt - 1 } as const;
  expect(evaluateFailure(transient, failure)).toEqual({
    action: "retry",
    backoffSeconds: seconds,
    stageFailures: attempt,
  });
  expect(retryDelay(retryRuleOf(rule), failure)).toBe(seconds * 1000);
});

test("the delay is capped, and fractions of a second are cut off", () => {
  expect(
    [5, 6, 20].map((attempt) => backoff({ initial: 15, multiplier: 2, max: 300 }, attempt)),
  ).toEqual([240, 300, 300]);
  const odd = { ...transient, maxRetries: 5, initialBackoffSeconds: 1.5, backoffMultiplier: 1.5 };
  const failure = { class: "transient", attempt: 2, failuresBefore: 0 } as const;
  expect(evaluateFailure(odd, failure)).toMatchObject({ backoffSeconds: 2 });
});

test.each([
  [
    "transient",
    5,
    4,
    { action: "pause_for_review", reason: "transient_failure_threshold_reached" },
  ],
  ["transient", 5, 3, { action: "fail", reason: "transient_non_retryable" }],
  ["transient", 4, 3, { action: "retry", backoffSeconds: 120 }],
  // The public guard asks the threshold only once retries are over.
  [
    "transient",
    4,
    4,
    { action: "pause_for_review", reason: "transient_failure_threshold_reached" },
  ],
  ["deterministic", 1, 0, { action: "fail", reason: "deterministic_non_retryable" }],
  [
    "deterministic",
    1,
    1,
    { action: "pause_for_review", reason: "deterministic_failure_threshold_reached" },
  ],
  ["spec", 1, 0, { action: "fail", reason: "spec_non_retryable" }],
  ["spec", 3, 1, { action: "pause_for_review", reason: "spec_failure_threshold_reached" }],
  ["policy", 1, 0, { action: "pause_for_review", reason: "policy_failure_threshold_reached" }],
] as const)("%s attempt %i after %i failures: %j", (kind, attempt, before, expected) => {
  const failure = { class: kind, attempt, failuresBefore: before };
  const result = evaluateFailure(rule.policies[kind], failure);
  expect(result).toEqual({ ...expected, stageFailures: before + 1 });
});

test("J6: whatever the policy, only transient failures are retried and at most maxRetries times", () => {
  const policies = fc.record({
    maxRetries: fc.integer({ min: 0, max: 20 }),
    initialBackoffSeconds: fc.double({ min: 0, max: 1000, noNaN: true }),
    backoffMultiplier: fc.double({ min: 1, max: 100, noNaN: true }),
    maxBackoffSeconds: fc.double({ min: 1000, max: 86_400, noNaN: true }),
    autopauseAfterFailures: fc.integer({ min: 1, max: 100 }),
  });
  const failures = fc.record({
    class: fc.constantFrom(...FAILURE_CLASSES),
    attempt: fc.integer({ min: 1, max: 100 }),
    failuresBefore: fc.nat(50),
  });
  fc.assert(
    fc.property(
      policies,
      failures,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (policy, failure, jitter) => {
        const lane = retryRuleOf({ ...rule, policies: { ...rule.policies, transient: policy } });
        const delay = retryDelay(lane, failure, jitter);
        const may = failure.class === "transient" && failure.attempt <= policy.maxRetries;
        const below = (count: number) => may && count < policy.autopauseAfterFailures;
        const { action } = evaluateFailure(policy, failure);
        expect(action === "retry").toBe(below(failure.failuresBefore + 1));
        expect(delay !== undefined).toBe(below(failure.attempt));
        expect(delay ?? 0).toBeLessThanOrEqual(Math.round(policy.maxBackoffSeconds * 1000));
      },
    ),
    { seed: 6, numRuns: 500 },
  );
});

test("a lane isn't told of the retry that would reach the pause threshold", () => {
  const after = (autopauseAfterFailures: number) =>
    retryRuleOf({
      ...rule,
      policies: { ...rule.policies, transient: { ...transient, autopauseAfterFailures } },
    }).maxRetries;
  expect([1, 3, 5, 9].map(after)).toEqual([0, 2, 4, 4]);
});

test("jitter takes a part of the full delay", () => {
  const failure = { class: "transient", attempt: 2 } as const;
  expect([0, 0.5, 1].map((jitter) => retryDelay(retryRuleOf(rule), failure, jitter))).toEqual([
    0, 15_000, 30_000,
  ]);
});

test("failures are counted by stage, also for one that is called like a property every object has", () => {
  const once = countFailure({}, "constructor");
  expect(countFailure(once, "constructor")).toEqual({ constructor: 2 });
  expect(countFailure(once, "build")).toEqual({ constructor: 1, build: 1 });
});
