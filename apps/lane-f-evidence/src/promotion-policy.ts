/**
 * The promotion policy as a pure function of evidence: it says why a run may not be promoted, or nothing. Fails closed:
 * what it isn't told counts as missing.
 */
import { ROLLBACK_DRILLS, type RollbackDrill } from "@baton/artifacts";
import type { Verdict } from "@baton/contracts";

/** Version of the rules below; a change of any of them is a new version. */
export const POLICY_VERSION = "baton-promotion-policy-v1";
/** A drill counts for so long, in milliseconds: 72 hours. */
export const MAX_DRILL_AGE_MS = 72 * 3600 * 1000;
/** Clocks may differ by so much, in milliseconds. */
const MAX_SKEW_MS = 5 * 60 * 1000;

/** Artifacts without which nothing is promoted. */
export const REQUIRED_ARTIFACTS = [
  "research/candidate-spec.json",
  "research/dataset-manifest.json",
  "build/plugin.json",
  "build/test-report.json",
  "backtest/evaluation-report.json",
  "backtest/walkforward-results.json",
  "gates/fold-metrics-v1.json",
  "gates/stress-metrics-v1.json",
] as const;

/** Gate reports that must say pass, and of this run. */
export const REQUIRED_GATES = [
  "gates/gate-evaluation.json",
  "gates/promotion-prerequisites.json",
  "gates/rollback-readiness.json",
] as const;

/** What is known about a run that wants to be promoted. */
export interface PromotionEvidence {
  readonly target: "shadow" | "paper" | "live";
  readonly artifacts: ReadonlySet<string>;
  /** Verdict by gate report, and whether the report is of this run. */
  readonly gates: ReadonlyMap<string, { readonly verdict: Verdict; readonly ofThisRun: boolean }>;
  readonly drillsPassed: ReadonlySet<RollbackDrill>;
  /** Age of the last whole set of drills in milliseconds; undefined if it has no time. */
  readonly drillAgeMs: number | undefined;
  readonly rollbackTarget: boolean;
  /** `later`: the playbook asks a person before the stage that needs it. */
  readonly approval: "not-needed" | "later" | "given" | "missing";
}

/** Why the run may not be promoted; empty if it may. */
export function denials(evidence: PromotionEvidence): readonly string[] {
  const { artifacts, gates, drillsPassed, target } = evidence;
  const missing = [...REQUIRED_ARTIFACTS, ...REQUIRED_GATES].filter((name) => !artifacts.has(name));
  return [
    ...missing.map((name) => `missing_artifact:${name}`),
    ...REQUIRED_GATES.filter((name) => artifacts.has(name)).flatMap((name) => {
      const gate = gates.get(name);
      if (!gate?.ofThisRun) return [`gate_of_other_run:${name}`];
      return gate.verdict === "pass" ? [] : [`gate_not_passed:${name}`];
    }),
    ...(ROLLBACK_DRILLS.every((drill) => drillsPassed.has(drill))
      ? []
      : ["rollback_checks_missing_or_failed"]),
    ...ageDenials(evidence.drillAgeMs),
    ...(target === "live" && !["later", "given"].includes(evidence.approval)
      ? ["rollback_human_approval_missing"]
      : []),
    ...(evidence.rollbackTarget ? [] : ["rollback_target_missing"]),
  ];
}

function ageDenials(ageMs: number | undefined): string[] {
  if (ageMs === undefined) return ["rollback_dry_run_timestamp_missing"];
  // A time in the future says as little as an old one.
  return ageMs > MAX_DRILL_AGE_MS || ageMs < -MAX_SKEW_MS ? ["rollback_dry_run_stale"] : [];
}
