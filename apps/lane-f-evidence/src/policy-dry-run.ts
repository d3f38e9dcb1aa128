/**
 * Stage policy-dry-run: asks the promotion policy about the run as it is, and about the same run with one thing wrong.
 * A policy that lets one of those pass, or denies it for another reason, isn't one to promote by.
 */
import {
  type GateOutcome,
  GateReport,
  ObservedDrills,
  type PolicyCase,
  type PolicyDryRun,
  ROLLBACK_DRILLS,
  RollbackReadiness,
  verdictOf,
} from "@baton/artifacts";
import { done, inputDigests, type StageContext, type StageOutcome } from "@baton/lanekit";

import {
  denials,
  MAX_DRILL_AGE_MS,
  POLICY_VERSION,
  type PromotionEvidence,
  REQUIRED_ARTIFACTS,
  REQUIRED_GATES,
} from "./promotion-policy.ts";
import { OBSERVED_DRILLS } from "./rollback-readiness.ts";
import { readCandidate, readIfThere } from "./run-inputs.ts";

const REPORT = "gates/policy-dry-run.json";
const READINESS = "gates/rollback-readiness.json";

/** The stage's work. */
export async function policyDryRun(context: StageContext): Promise<StageOutcome> {
  const evidence = await gatherPromotionEvidence(context);
  context.progress("asking the promotion policy");
  const cases = dryRunCases(evidence);
  const gates = gatesOf(cases);
  const verdict = verdictOf(gates);
  await context.putJson(REPORT, {
    schemaVersion: "baton.gate-report.v1",
    candidateId: context.candidateId,
    runId: context.runId,
    stage: context.stage,
    policyVersion: POLICY_VERSION,
    verdict,
    gates,
    promotionTarget: evidence.target,
    inputs: inputDigests(context, [...REQUIRED_ARTIFACTS, ...REQUIRED_GATES].toSorted()),
    cases,
  } satisfies PolicyDryRun);
  const wrong = cases.filter(({ passed }) => !passed);
  const summary = `${cases.length - wrong.length} of ${cases.length} cases as expected for target ${evidence.target}`;
  const [first] = wrong;
  return done(first ? `${summary}; first: ${first.case}` : summary, verdict);
}

async function gatherPromotionEvidence(context: StageContext): Promise<PromotionEvidence> {
  const { spec } = await readCandidate(context);
  const gates = new Map<string, { verdict: GateReport["verdict"]; ofThisRun: boolean }>();
  for (const name of REQUIRED_GATES) {
    const report = await readIfThere(context, name, GateReport);
    if (!report) continue;
    // A stage that is run again in a new run carries what was made before: the reference says by which run.
    const ref = context.inputs.find((input) => input.name === name);
    const ofThisRun = report.candidateId === context.candidateId && report.runId === ref?.runId;
    gates.set(name, { verdict: report.verdict, ofThisRun });
  }
  const readiness = await readIfThere(context, READINESS, RollbackReadiness);
  const observed = await readIfThere(context, OBSERVED_DRILLS, ObservedDrills);
  const passed = readiness?.drills.filter((drill) => drill.passed).map(({ drill }) => drill);
  const { target } = spec.promotion;
  return {
    target,
    artifacts: new Set(context.inputs.map(({ name }) => name)),
    gates,
    drillsPassed: new Set(passed),
    drillAgeMs: observed && context.now().getTime() - Date.parse(observed.completedAt),
    rollbackTarget: readiness != null && readiness.rollbackTarget !== null,
    approval: approvalOf(readiness?.humanApproval),
  };
}

function approvalOf(of: RollbackReadiness["humanApproval"] | undefined) {
  if (of === undefined) return "missing";
  return of === "before-live-ramp" ? "later" : of;
}

/** Every case with its answer; `evidence` is the run as it is. */
export function dryRunCases(evidence: PromotionEvidence): PolicyCase[] {
  const denied = (name: string, reason: string, change: Partial<PromotionEvidence>): PolicyCase => {
    const reasons = [...denials({ ...evidence, ...change })];
    const outcome = reasons.length > 0 ? "denied" : "allowed";
    // What is wrong with the run itself is the first case's business; here its own reason must be there.
    const passed = reasons.includes(reason);
    return { case: name, expected: "denied", outcome, reasons, passed };
  };
  const reasons = [...denials(evidence)];
  return [
    {
      case: "as it is",
      expected: "allowed",
      outcome: reasons.length > 0 ? "denied" : "allowed",
      reasons,
      passed: reasons.length === 0,
    },
    ...[...REQUIRED_ARTIFACTS, ...REQUIRED_GATES].map((name) =>
      denied(`simulateMissingArtifact ${name}`, `missing_artifact:${name}`, {
        artifacts: new Set([...evidence.artifacts].filter((other) => other !== name)),
      }),
    ),
    ...REQUIRED_GATES.flatMap((name) => [
      denied(`simulateFailedGate ${name}`, `gate_not_passed:${name}`, {
        artifacts: new Set([...evidence.artifacts, name]),
        gates: new Map([...evidence.gates, [name, { verdict: "fail", ofThisRun: true }]]),
      }),
      denied(`simulateGateOfOtherRun ${name}`, `gate_of_other_run:${name}`, {
        artifacts: new Set([...evidence.artifacts, name]),
        gates: new Map([...evidence.gates, [name, { verdict: "pass", ofThisRun: false }]]),
      }),
    ]),
    denied("simulateStaleRollback", "rollback_dry_run_stale", {
      drillAgeMs: MAX_DRILL_AGE_MS + 1,
    }),
    denied("simulateMissingRollbackTimestamp", "rollback_dry_run_timestamp_missing", {
      drillAgeMs: undefined,
    }),
    ...ROLLBACK_DRILLS.map((drill) =>
      denied(`simulateFailedDrill ${drill}`, "rollback_checks_missing_or_failed", {
        drillsPassed: new Set([...evidence.drillsPassed].filter((other) => other !== drill)),
      }),
    ),
    denied("simulateMissingRollbackTarget", "rollback_target_missing", { rollbackTarget: false }),
    denied("simulateLiveWithoutApproval", "rollback_human_approval_missing", {
      target: "live",
      approval: "missing",
    }),
  ];
}

function gatesOf(cases: readonly PolicyCase[]): GateOutcome[] {
  const of = (gateId: string, those: readonly PolicyCase[]): GateOutcome => {
    const wrong = those.filter(({ passed }) => !passed);
    const reasons = wrong.flatMap(({ case: name, reasons: why, expected, outcome }) =>
      expected === "allowed"
        ? why.map((reason) => reason.slice(0, 300))
        : [`${name}: had to be denied for its own reason, was ${outcome}`],
    );
    const status = those.length > 0 && wrong.length === 0 ? "pass" : "fail";
    return { gateId, status, reasons: reasons.slice(0, 50) };
  };
  const missing = (name: string) => name.startsWith("simulateMissingArtifact");
  const stale = (name: string) => name === "simulateStaleRollback";
  return [
    of(
      "policy_allows_the_run",
      cases.filter(({ expected }) => expected === "allowed"),
    ),
    of(
      "policy_denies_missing_artifact",
      cases.filter((one) => missing(one.case)),
    ),
    of(
      "policy_denies_stale_rollback",
      cases.filter((one) => stale(one.case)),
    ),
    of(
      "policy_denies_the_rest",
      cases.filter((one) => one.expected === "denied" && !missing(one.case) && !stale(one.case)),
    ),
  ];
}
