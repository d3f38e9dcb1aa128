import type { GateEvaluation } from "@baton/artifacts";
import { DEFAULT_WALK_FORWARD_LIMITS } from "@baton/contracts";
import { expect, test } from "vitest";

import { evaluateGates } from "./evaluate-gates.ts";
import type { Evidence } from "./evidence.ts";
import { loadGatePolicy } from "./gate-policy.ts";
import { evidenceOf, sampleValues, type SampleValues } from "./testing/sample-evidence.ts";
import { artifactName, CANDIDATE, day, digest, RUN } from "./testing/sample-identity.ts";
import { dataset, NUMBERS } from "./testing/threshold-cases.ts";

const loaded = await loadGatePolicy();
const { policy } = loaded;
const stageRun = {
  candidateId: CANDIDATE,
  runId: RUN,
  stage: "gate-evaluation",
  walkForward: DEFAULT_WALK_FORWARD_LIMITS,
};
const evaluate = (evidence: Evidence, under = loaded) => evaluateGates(evidence, under, stageRun);

const changed = (change: (values: SampleValues) => void) => {
  const values = sampleValues();
  change(values);
  return evaluate(evidenceOf(values));
};

const gateOf = (report: GateEvaluation, gateId: string) =>
  report.gates.find((gate) => gate.gateId === gateId);

const good = evaluate(evidenceOf());

test.each(NUMBERS)("%s: %s passes at its threshold and fails past it.", (...of) => {
  const [gateId, checkId, put, edge, beyond] = of;
  const at = changed((values) => put(values, edge));
  expect(at.verdict).toBe("pass");
  expect(at.checks.find((check) => check.checkId === checkId)?.margin).toBeCloseTo(0, 12);
  const past = changed((values) => put(values, beyond));
  expect(past.verdict).toBe("fail");
  expect(past.checks.filter(({ status }) => status === "fail")).toMatchObject([
    { gateId, checkId, margin: expect.toSatisfy((margin: number) => margin < 0) },
  ]);
  expect(past.gates.filter(({ status }) => status === "fail")).toEqual([
    { gateId, status: "fail", reasons: [expect.stringMatching(`^${checkId} fail: `)] },
  ]);
});

const EXACT: readonly (readonly [string, string, (values: SampleValues) => void])[] = [
  [
    "gate0_data_integrity",
    "broken_lineage",
    (v) => (v.evaluation.inputs[0] = { name: artifactName("research"), sha256: digest("f") }),
  ],
  ["gate0_data_integrity", "broken_lineage", (v) => (v.folds.runId = "run-ffffffffffff")],
  ["gate0_data_integrity", "broken_lineage", (v) => (v.manifest.candidateId = "cand-ffffffffffff")],
  [
    "gate0_data_integrity",
    "broken_lineage",
    (v) => v.evaluation.results.push({ name: "backtest/other.json", sha256: digest("f") }),
  ],
  [
    "gate0_data_integrity",
    "changed_datasets",
    (v) => v.evaluation.data.forEach((of) => (of.sha256 = digest("f"))),
  ],
  ["gate0_data_integrity", "changed_datasets", (v) => (dataset(v).instrument = "BBB")],
  ["gate0_data_integrity", "bars_per_year", (v) => (v.manifest.barsPerYear = 52)],
  ["gate1_statistical_robustness", "trials", (v) => (v.evaluation.trials.used = 7)],
  [
    "gate2_risk_capacity",
    "stress_families",
    (v) => (v.stress.cases = v.stress.cases.filter(({ family }) => family !== "halt")),
  ],
  [
    "gate3_shadow_paper_quality",
    "bands_horizon",
    (v) => (v.evaluation.bands.holdout.horizonRows = 100),
  ],
  ["gate4_operational_readiness", "failed_tests", (v) => (v.tests.tests[0]!.result = "fail")],
  ["gate4_operational_readiness", "other_sources", (v) => (v.catalog.sourceSha256 = digest("f"))],
  ["gate4_operational_readiness", "other_sources", (v) => (v.tests.sourceSha256 = digest("f"))],
  [
    "gate4_operational_readiness",
    "other_sources",
    (v) => (v.evaluation.reproducibility.plugin.source = digest("f")),
  ],
  [
    "gate4_operational_readiness",
    "recorded_spec",
    (v) => (v.evaluation.reproducibility.spec = digest("f")),
  ],
];

test.each(EXACT)("%s: %s fails on evidence that doesn't fit.", (gateId, checkId, change) => {
  const report = changed(change);
  expect(report.checks.filter(({ status }) => status === "fail")).toMatchObject([
    { gateId, checkId },
  ]);
  expect(gateOf(report, gateId)?.status).toBe("fail");
});

/** Only the policy can fail these. */
const POLICIES = [
  [
    "dataset_schema",
    { gate0_data_integrity: { ...policy.gate0_data_integrity, datasetSchema: "4" } },
  ],
  ["instruments", { gate0_data_integrity: { ...policy.gate0_data_integrity, minInstruments: 2 } }],
  [
    "live_enabled",
    { gate5_live_ramp_readiness: { ...policy.gate5_live_ramp_readiness, liveEnabled: false } },
  ],
] as const;

test.each(POLICIES)("%s follows the policy.", (checkId, change) => {
  const report = evaluate(evidenceOf(), { ...loaded, policy: { ...policy, ...change } });
  expect(report.checks.filter(({ status }) => status === "fail")).toMatchObject([{ checkId }]);
});

test("Every check that measures something has a case in which it fails.", () => {
  const covered = [...NUMBERS, ...EXACT].map(([, checkId]) => checkId);
  const all = new Set([
    ...covered,
    ...POLICIES.map(([checkId]) => checkId),
    "stale_open_ratio",
    "dropped_rows",
    "declared_moves",
  ]);
  const measured = good.checks.filter(({ status }) => status !== "skipped");
  expect(new Set(measured.map(({ checkId }) => checkId))).toEqual(all);
});

test("A day that moved as after a split is named with its date, factor and split.", () => {
  const report = changed((values) => {
    const listed = [
      { date: "2014-06-09", factor: 1 / 7, split: "7:1" },
      { date: "2020-01-02", factor: 114, split: null },
    ];
    dataset(values).moves = { total: 200, listed };
  });
  const [failed] = report.checks.filter(({ status }) => status === "fail");
  expect(failed?.reason).toContain("AAA 2014-06-09 x0.143 (7:1), AAA 2020-01-02 x114, 198 more in");
  expect(failed?.reason).toContain("declare csv.splits or csv.realMoves");
});

test("Rows that were left out and moves that were declared real are worth a warning.", () => {
  const report = changed((values) => {
    dataset(values).droppedRows = 1000;
    dataset(values).realMoves = ["2013-10-01"];
  });
  expect(report.verdict).toBe("pass");
  expect(report.checks.filter(({ status }) => status === "warning")).toMatchObject([
    { checkId: "dropped_rows", measured: 1000 / 4252 },
    { checkId: "declared_moves", reason: expect.stringContaining("2013-10-01") },
  ]);
});

test("A pause is measured beyond the usual spacing: a missing week among weekly bars is seven days.", () => {
  const pause = (days: number) =>
    changed((values) => {
      values.manifest.spacingDays = 7;
      dataset(values).calendarGaps = [{ after: day, before: day, days }];
    }).checks.find(({ checkId }) => checkId === "longest_gap");
  expect(pause(14)).toMatchObject({ measured: 8, status: "pass" });
  expect(pause(21)).toMatchObject({ measured: 15, status: "fail" });
});

const NO_VALUE: readonly (readonly [string, (values: SampleValues) => void])[] = [
  [
    "plausible_sharpe",
    (v) => (v.evaluation.outOfSample.figures = { ...v.stress.base, sharpe: null }),
  ],
  ["deflated_sharpe", (v) => (v.evaluation.deflatedSharpe.probability = null)],
  ["band_sharpe", (v) => (v.evaluation.bands.full.sharpe = null)],
  ["expectation", (v) => (v.evaluation.expectation.measured = null)],
  ["cross_validation", (v) => (v.evaluation.crossValidatedSharpe = null)],
  ["neighbour_robustness", (v) => (v.evaluation.neighbourhood.robustness = null)],
  ["fold_variation", (v) => (v.folds.summary.variation = null)],
];

test.each(NO_VALUE)("%s doesn't pass on no value.", (checkId, change) => {
  const report = changed(change);
  expect(report.verdict).toBe("fail");
  const missing = report.checks.filter(({ status }) => status === "missing");
  expect(missing).toMatchObject([{ checkId, measured: null }]);
});
