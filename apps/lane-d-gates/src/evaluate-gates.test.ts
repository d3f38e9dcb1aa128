import { type GateCheck, GateEvaluation } from "@baton/artifacts";
import { DEFAULT_WALK_FORWARD_LIMITS } from "@baton/contracts";
import { expect, test } from "vitest";

import { evaluateGates, gateOutcome } from "./evaluate-gates.ts";
import type { Evidence } from "./evidence.ts";
import { loadGatePolicy } from "./gate-policy.ts";
import { evidenceOf, sampleValues, type SampleValues } from "./testing/sample-evidence.ts";
import { artifactName, CANDIDATE, EVIDENCE_NAMES, RUN } from "./testing/sample-identity.ts";

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

const dataset = (values: SampleValues) => {
  const [first] = values.manifest.datasets;
  if (first === undefined) throw new Error("the sample has a data set");
  return first;
};

test("Evidence without a fault passes every gate.", () => {
  expect(good.verdict).toBe("pass");
  expect(good.gates.map(({ gateId, status }) => [gateId, status])).toEqual([
    ["gate0_data_integrity", "pass"],
    ["gate1_statistical_robustness", "pass"],
    ["gate2_risk_capacity", "pass"],
    ["gate3_shadow_paper_quality", "pass"],
    ["gate4_operational_readiness", "pass"],
    ["gate5_live_ramp_readiness", "pass"],
  ]);
  expect(GateEvaluation.parse(good)).toEqual(good);
  expect(good).toMatchObject({ policyVersion: policy.version, policySha256: loaded.sha256 });
});

test.each(EVIDENCE_NAMES)(
  "Without %s every check that reads it is missing, and the verdict is fail.",
  (name) => {
    const report = evaluate(evidenceOf(sampleValues(), { without: [name] }));
    const readers = good.checks.filter(({ evidence }) =>
      evidence.some((of) => of.name === artifactName(name)),
    );
    expect(readers.length).toBeGreaterThan(0);
    for (const { gateId, checkId } of readers) {
      const check = report.checks.find((of) => of.gateId === gateId && of.checkId === checkId);
      expect(check).toMatchObject({ status: "missing", measured: null, margin: null });
      expect(check?.reason).toContain(artifactName(name));
      expect(gateOf(report, gateId)?.status).toBe("fail");
    }
    expect(report.verdict).toBe("fail");
  },
);

test("With nothing at all every gate fails, and none is skipped.", () => {
  const report = evaluate(evidenceOf(sampleValues(), { without: EVIDENCE_NAMES }));
  expect(report.gates.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => "fail"));
  expect(report.promotionTarget).toBeNull();
});

test("A value that has no number fails closed.", () => {
  for (const change of [
    (v: SampleValues) => (v.folds.summary.variation = null),
    (v: SampleValues) => (v.evaluation.neighbourhood.robustness = null),
    (v: SampleValues) => (v.evaluation.crossValidatedSharpe = Number.NaN),
  ]) {
    const report = changed(change);
    expect(report.verdict).toBe("fail");
    expect(report.checks.filter(({ status }) => status === "missing")).toHaveLength(1);
  }
});

test("Stale opens warn a strategy that fills at the close and fail one that fills at the open.", () => {
  const close = changed((values) => (dataset(values).staleOpenRatio = 0.9));
  expect(close.verdict).toBe("pass");
  expect(gateOf(close, "gate0_data_integrity")?.reasons).toEqual([
    expect.stringContaining("stale_open_ratio warning: 0.9 is not at most 0.05"),
  ]);
  const open = changed((values) => {
    dataset(values).staleOpenRatio = 0.9;
    values.evaluation.assumptions.fill = "open";
  });
  expect(gateOf(open, "gate0_data_integrity")?.status).toBe("fail");
});

test("What a later stage measures is skipped with that stage's name, and never after it has run.", () => {
  const later = good.checks.filter(({ reason }) => reason.startsWith("measured later"));
  expect(later.map(({ checkId }) => checkId)).toEqual([
    "fill_quality",
    "latency",
    "drift",
    "kill_switch",
    "revert",
    "disable",
    "policy_dry_run",
    "approval",
  ]);
  const stages = ["shadow-paper", "rollback-readiness", "policy-dry-run", "live-ramp"];
  const report = evaluate(evidenceOf(sampleValues(), { stages }));
  expect(report.checks.filter(({ status }) => status === "missing")).toHaveLength(later.length);
  expect(report.verdict).toBe("fail");
});

test("A candidate that doesn't want to go live is not asked whether it may.", () => {
  for (const target of ["shadow", "paper"] as const) {
    const report = changed((values) => (values.research.spec.promotion.target = target));
    expect(gateOf(report, "gate5_live_ramp_readiness")).toMatchObject({
      status: "skipped",
      reasons: [expect.stringContaining(`target is ${target}, not live`)],
    });
    expect(report.verdict).toBe("pass");
  }
});

const check = (status: GateCheck["status"]): GateCheck => ({
  gateId: "gate",
  checkId: status,
  title: "a check",
  status,
  rule: "at least",
  threshold: 1,
  measured: 1,
  margin: 0,
  reason: "because",
  evidence: [],
});

test("A gate passes only on something that was measured.", () => {
  const status = (...of: GateCheck["status"][]) => gateOutcome(of.map(check)).status;
  expect(status("pass", "skipped")).toBe("pass");
  expect(status("warning", "skipped")).toBe("pass");
  expect(status("skipped", "skipped")).toBe("skipped");
  expect(status("pass", "missing")).toBe("fail");
  expect(status("skipped", "missing")).toBe("fail");
  expect(status("warning", "fail")).toBe("fail");
  expect(() => gateOutcome([])).toThrow(RangeError);
});
