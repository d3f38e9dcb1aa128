import { readFileSync } from "node:fs";
import { join } from "node:path";

import { LEAST_HOLDOUT_ROWS } from "@baton/artifacts";
import { DEFAULT_WALK_FORWARD_LIMITS, WalkForwardLimits } from "@baton/contracts";
import { readYaml } from "@baton/text";
import { expect, test } from "vitest";
import { z } from "zod";

import { evaluateGates } from "./evaluate-gates.ts";
import { loadGatePolicy } from "./gate-policy.ts";
import { evidenceOf } from "./testing/sample-evidence.ts";
import { CANDIDATE, RUN } from "./testing/sample-identity.ts";

const loaded = await loadGatePolicy();
const { policy } = loaded;

/** What fails, and its threshold, where the dispatch asks for this. */
function failing(asked: Partial<WalkForwardLimits>) {
  const walkForward = { ...DEFAULT_WALK_FORWARD_LIMITS, ...asked };
  const stageRun = { candidateId: CANDIDATE, runId: RUN, stage: "gate-evaluation", walkForward };
  return evaluateGates(evidenceOf(), loaded, stageRun)
    .checks.filter(({ status }) => status === "fail")
    .map(({ gateId, checkId, threshold }) => [gateId, checkId, threshold]);
}

test.each([
  ["folds", { minFolds: 11 }, 11],
  ["gap_rows", { minPurgeRows: 6 }, 6],
  ["train_rows", { minTrainRows: 1009 }, 1009],
  ["test_rows", { minTestRows: 253 }, 253],
  ["tested_rows", { minTestedRows: 7 * 252 + 1 }, 7 * 252 + 1],
])("%s: what the dispatch asks of a walk-forward counts.", (checkId, asked, threshold) => {
  expect(failing({})).toEqual([]);
  expect(failing(asked)).toEqual([["gate1_statistical_robustness", checkId, threshold]]);
});

test("A playbook that asks for fewer folds than the gate policy loosens nothing.", () => {
  const strict = { ...policy.gate1_statistical_robustness, minFolds: 11 };
  const walkForward = { ...DEFAULT_WALK_FORWARD_LIMITS, minFolds: 1 };
  const report = evaluateGates(
    evidenceOf(),
    { ...loaded, policy: { ...policy, gate1_statistical_robustness: strict } },
    { candidateId: CANDIDATE, runId: RUN, stage: "gate-evaluation", walkForward },
  );
  expect(report.checks.filter(({ status }) => status === "fail")).toMatchObject([
    { checkId: "folds", threshold: 11, measured: 10 },
  ]);
});

test("Baton's own playbook asks for as much as the gates do: what intake takes has rows and folds enough.", () => {
  const file = join(import.meta.dirname, "../../../playbooks/baton.yaml");
  const { limits } = z
    .object({ limits: z.object({ walkForward: z.strictObject(WalkForwardLimits.shape) }) })
    .parse(readYaml(readFileSync(file, "utf8"), { maxCharacters: 100_000 }));
  const { minTrainRows, minPurgeRows, minTestedRows, minFolds } = limits.walkForward;
  expect(limits.walkForward).toEqual(DEFAULT_WALK_FORWARD_LIMITS);
  expect(minFolds).toBeGreaterThanOrEqual(policy.gate1_statistical_robustness.minFolds);
  expect(minPurgeRows).toBeGreaterThanOrEqual(policy.gate1_statistical_robustness.minGapRows);
  expect(1 + minTrainRows + minPurgeRows + minTestedRows).toBeGreaterThanOrEqual(
    policy.gate0_data_integrity.minResearchRows,
  );
  expect(LEAST_HOLDOUT_ROWS).toBeGreaterThanOrEqual(
    policy.gate3_shadow_paper_quality.minHoldoutRows,
  );
});
