import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";

import { runGuard } from "./testing/run-guard.ts";

const folder = temporaryFolder("guard-failure");
afterAll(() => folder.remove());

const PUBLIC = join(
  import.meta.dirname,
  "../../../../libs/playbook/src/testing/public-policy.yaml",
);
const STAGE = "backtest-robustness";
const IDS = { candidateId: "cand-a1b2c3", runId: "run-000001" };

interface Case {
  readonly state?: Record<string, unknown>;
  readonly options?: Readonly<Record<string, string | null>>;
}

/** Evaluates the first transient failure of a stage, with changes. */
function ask({ state = {}, options = {} }: Case = {}) {
  const path = join(folder.path, "state.json");
  writeFileSync(path, JSON.stringify({ ...IDS, activeStage: STAGE, ...state }));
  const given = {
    policy: PUBLIC,
    state: path,
    stage: STAGE,
    "failure-class": "transient",
    attempt: "1",
    ...options,
  };
  const args = Object.entries<string | null>(given).flatMap(([name, value]) =>
    value === null ? [] : [`--${name}`, value],
  );
  return runGuard(["evaluate-failure", ...args]);
}

const failing = (kind: string, attempt: number, before = attempt - 1): Case => ({
  state: { failureCounts: { [STAGE]: before } },
  options: { "failure-class": kind, attempt: String(attempt) },
});

test("a retry prints every key of the public guard and ours, and ends with 0", async () => {
  const { code, json } = await ask();
  expect(code).toBe(0);
  expect(json).toEqual({
    action: "retry",
    advice: "Try again after 15 s.",
    attempt: 1,
    code: null,
    message: `attempt 1 of ${STAGE} failed (transient); it may pass by itself`,
    nextBackoffSeconds: 15,
    playbook: {
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      file: PUBLIC,
      version: "torghut-v3-orchestration-policy-v1",
    },
    reason: null,
    stage: STAGE,
    stageFailures: 1,
  });
});

test.each([
  [1, 15],
  [2, 30],
  [3, 60],
  [4, 120],
])("transient attempt %i is retried after %i s", async (attempt, seconds) => {
  const { code, json } = await ask(failing("transient", attempt));
  expect(code).toBe(0);
  expect(json).toMatchObject({ nextBackoffSeconds: seconds, stageFailures: attempt });
});

test.each([
  ["transient", 5, 4, "pause_for_review"],
  ["transient", 5, 3, "fail"],
  ["transient", 1, 4, "pause_for_review"],
  ["deterministic", 1, 0, "fail"],
  ["deterministic", 1, 1, "pause_for_review"],
  ["spec", 1, 0, "fail"],
  ["spec", 2, 1, "pause_for_review"],
  ["policy", 1, 0, "pause_for_review"],
] as const)("%s attempt %i after %i failures: %s, and 5", async (kind, attempt, before, action) => {
  const { code, json } = await ask(failing(kind, attempt, before));
  const why = action === "fail" ? "non_retryable" : "failure_threshold_reached";
  const reason = `${kind}_${why}`;
  expect(code).toBe(5);
  expect(json).toMatchObject({ action, reason, code: "E_GUARD", nextBackoffSeconds: null });
  expect(json).toMatchObject({ stage: STAGE, attempt, stageFailures: before + 1 });
});

test("failures of other stages don't count, even of one called like a property of every object", async () => {
  const { json } = await ask({ state: { failureCounts: { constructor: 9, "live-ramp": 9 } } });
  expect(json).toMatchObject({ action: "retry", stageFailures: 1 });
});

test.each([
  ["the active one", STAGE],
  ["one that follows the active one", "candidate-build"],
  ["one of a state without an active one", null],
])("the failed stage may be %s", async (_, activeStage) => {
  const { code } = await ask({ state: { activeStage } });
  expect(code).toBe(0);
});

test.each([
  ["a stage the playbook hasn't", { options: { stage: "nowhere" } }, "one of research-intake"],
  [
    "a stage that the candidate can't be at",
    { state: { activeStage: "live-ramp" } },
    "neither the active stage nor",
  ],
  [
    "an active stage the playbook hasn't",
    { state: { activeStage: "nowhere" } },
    "one of research-intake",
  ],
  ["a state without a candidate", { state: { candidateId: " " } }, "$.candidateId: must be there"],
  ["a state without a run", { state: { runId: undefined } }, "$.runId: must be there"],
  ["a state whose run is none", { state: { runId: "Run 1" } }, "6 to 63 characters"],
  [
    "another candidate's state",
    { options: { "candidate-id": "cand-other1" } },
    "$.candidateId: must be what",
  ],
  ["another run's state", { options: { "run-id": "run-000002" } }, "$.runId: must be what"],
  [
    "a count that is a text",
    { state: { failureCounts: { [STAGE]: "1" } } },
    "must be a whole number",
  ],
  [
    "a count below zero",
    { state: { failureCounts: { [STAGE]: -1 } } },
    '$.failureCounts["backtest-robustness"]',
  ],
  ["attempt 0", { options: { attempt: "0" } }, "from 1 to 1000"],
  ["attempt -1", { options: { attempt: "-1" } }, "from 1 to 1000"],
] satisfies [string, Case, string][])("%s ends with 3", async (_, breaks, words) => {
  const { code, json, failure } = await ask(breaks);
  expect([code, json, failure?.code]).toEqual([3, undefined, "E_INVALID"]);
  expect(`${failure?.message} ${failure?.rule}`).toContain(words);
});

test.each([
  ["an unknown class", { "failure-class": "cosmic" }, "transient, deterministic, spec, policy"],
  ["an attempt that is no number", { attempt: "one" }, "whole number"],
  ["options left out", { state: null, attempt: null }, "--state, --attempt are required"],
])("%s ends with 2", async (_, options, words) => {
  const { code, json, failure } = await ask({ options });
  expect([code, json]).toEqual([2, undefined]);
  expect(failure?.message).toContain(words);
});

test("Baton's own playbook has the same figures", async () => {
  const { json } = await ask({
    ...failing("transient", 3),
    options: { policy: null, attempt: "3" },
  });
  expect(json).toMatchObject({
    nextBackoffSeconds: 60,
    playbook: { version: "baton-playbook-v1" },
  });
});
