import { type ObservedDrills, PolicyDryRun, ROLLBACK_DRILLS } from "@baton/artifacts";
import { openAuditKey } from "@baton/audit";
import { temporaryFolder } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";

import { dryRunCases } from "./policy-dry-run.ts";
import {
  denials,
  MAX_DRILL_AGE_MS,
  type PromotionEvidence,
  REQUIRED_ARTIFACTS,
  REQUIRED_GATES,
} from "./promotion-policy.ts";
import { CANDIDATE, DAY, gate, promotable, RUN, type Target } from "./testing/run-artifacts.ts";
import { runStage } from "./testing/run-stage.ts";

const REPORT = "gates/policy-dry-run.json";
const folder = temporaryFolder("policy");
afterAll(() => folder.remove());
const options = {
  broker: { url: "http://127.0.0.1:1", token: "t" },
  engineUrl: "http://127.0.0.1:1",
  gitops: { repository: "/nonexistent", cacheDir: folder.path },
  journal: { entries: async () => [] },
  commands: { find: async () => undefined },
  controls: { last: async () => undefined, at: async () => undefined },
  auditKey: openAuditKey(`${folder.path}/key.pem`, { create: true }),
};

/** A run whose drills passed on DAY. */
function drilled(target: Target = "paper"): Record<string, unknown> {
  const drills = ROLLBACK_DRILLS.map((drill) => ({
    drill,
    passed: true,
    steps: [{ step: "s", expected: "e", seen: "e", passed: true }],
  }));
  const observed: ObservedDrills = {
    schemaVersion: "baton.observed-drills.v1",
    completedAt: DAY.toISOString(),
    drills: [],
  };
  return {
    ...promotable(target),
    "observed/rollback-drills.json": observed,
    "gates/rollback-readiness.json": {
      ...gate("rollback-readiness"),
      promotionTarget: target,
      inputs: [],
      drills,
      rollbackTarget: { path: `strategies/${CANDIDATE}.yaml`, contentSha256: null },
      humanApproval: target === "live" ? "before-live-ramp" : "not-needed",
    },
  };
}

const run = (inputs: Record<string, unknown>, target: Target = "paper", now = DAY) =>
  runStage(options, { stage: "policy-dry-run", inputs, target, now: () => now });

test("a stage that was run again goes by what the run before it made", async () => {
  const inputs = { ...drilled() };
  const of = { stage: "policy-dry-run", inputs, runId: "run-0000000later", inputsOf: RUN } as const;
  const { outcome } = await runStage(options, { ...of, target: "paper" });
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
});

const after = (ms: number) => new Date(DAY.getTime() + ms);

test.each(["shadow", "paper", "live"] as const)(
  "a whole run may be promoted to %s, and every case that must be denied is",
  async (target) => {
    const { context, outcome } = await run(drilled(target), target);
    expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
    const { cases, gates } = context.outputJson(REPORT, PolicyDryRun);
    expect(cases.filter(({ expected }) => expected === "allowed").map((of) => of.case)).toEqual([
      "as it is",
    ]);
    expect(cases.filter(({ outcome: seen }) => seen === "denied")).toHaveLength(cases.length - 1);
    expect(gates.map(({ gateId }) => gateId)).toContain("policy_denies_missing_artifact");
    expect(gates.map(({ gateId }) => gateId)).toContain("policy_denies_stale_rollback");
  },
);

test("the report doesn't depend on when it is made, while the drills count", async () => {
  const early = await run(drilled());
  const late = await run(drilled(), "paper", after(MAX_DRILL_AGE_MS));
  expect(late.context.outputs.get(REPORT)).toEqual(early.context.outputs.get(REPORT));
});

test.each([
  ["drills older than 72 hours", drilled(), MAX_DRILL_AGE_MS + 1, "rollback_dry_run_stale"],
  ["drills from the future", drilled(), -600_000, "rollback_dry_run_stale"],
  [
    "drills without a time",
    { ...drilled(), "observed/rollback-drills.json": undefined },
    0,
    "rollback_dry_run_timestamp_missing",
  ],
  [
    "a missing artifact",
    { ...drilled(), "build/test-report.json": undefined },
    0,
    "missing_artifact:build/test-report.json",
  ],
  [
    "a gate that failed",
    { ...drilled(), "gates/gate-evaluation.json": gate("gate-evaluation", { verdict: "fail" }) },
    0,
    "gate_not_passed:gates/gate-evaluation.json",
  ],
] as const)("%s: denied with its reason", async (_, inputs, laterMs, reason) => {
  const there = Object.entries(inputs).filter(([, value]) => value !== undefined);
  const { context, outcome } = await run(Object.fromEntries(there), "paper", after(laterMs));
  expect(outcome).toMatchObject({ kind: "done", verdict: "fail" });
  const [asItIs] = context.outputJson(REPORT, PolicyDryRun).cases;
  expect(asItIs?.reasons).toContain(reason);
});

test("a gate of another run isn't read at all", async () => {
  const other = gate("gate-evaluation", { runId: `${RUN}-other` });
  const { outcome } = await run({ ...drilled(), "gates/gate-evaluation.json": other });
  expect(outcome).toMatchObject({ kind: "failed", failure: { code: "E_LINEAGE" } });
});

const whole: PromotionEvidence = {
  target: "live",
  artifacts: new Set([...REQUIRED_ARTIFACTS, ...REQUIRED_GATES]),
  gates: new Map(REQUIRED_GATES.map((name) => [name, { verdict: "pass", ofThisRun: true }])),
  drillsPassed: new Set(ROLLBACK_DRILLS),
  drillAgeMs: 0,
  rollbackTarget: true,
  approval: "later",
};

test("each simulated fault of a whole run is denied for exactly its own reason", () => {
  const cases = dryRunCases(whole).filter(({ expected }) => expected === "denied");
  expect(cases.map(({ reasons }) => reasons.length)).toEqual(cases.map(() => 1));
});

test("nothing known is nothing allowed", () => {
  const nothing: PromotionEvidence = {
    target: "live",
    artifacts: new Set(),
    gates: new Map(),
    drillsPassed: new Set(),
    drillAgeMs: undefined,
    rollbackTarget: false,
    approval: "missing",
  };
  const missing = REQUIRED_ARTIFACTS.length + REQUIRED_GATES.length;
  expect(denials(nothing)).toHaveLength(missing + 4);
  expect(denials(whole)).toEqual([]);
});
