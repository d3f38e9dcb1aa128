/** Gates 0 to 5 as one pure function of evidence and policy. */
import { type GateCheck, type GateEvaluation, type GateOutcome, verdictOf } from "@baton/artifacts";
import { cut, type StageRun, type WalkForwardLimits } from "@baton/contracts";

import { sourceDigests, type Evidence, type Source } from "./evidence.ts";
import type { LoadedGatePolicy } from "./gate-policy.ts";
import { gate0 } from "./gate0-data-integrity.ts";
import { gate1 } from "./gate1-statistical-robustness.ts";
import { gate2 } from "./gate2-risk-capacity.ts";
import { gate3 } from "./gate3-shadow-paper-quality.ts";
import { gate4 } from "./gate4-operational-readiness.ts";
import { gate5 } from "./gate5-live-ramp-readiness.ts";

const GATES = [gate0, gate1, gate2, gate3, gate4, gate5] as const;

const MAX_REASONS = 50;
const MAX_REASON = 300;

/** Evaluates every gate; what the dispatch asks of a walk-forward counts beside the policy. A missing input fails the gates that need it, and so the evaluation. */
export function evaluateGates(
  evidence: Evidence,
  { policy, sha256 }: LoadedGatePolicy,
  {
    candidateId,
    runId,
    stage,
    walkForward,
  }: StageRun & { readonly walkForward: WalkForwardLimits },
): GateEvaluation {
  const results = GATES.map((gate) => gate(evidence, policy, walkForward));
  const gates = results.map(gateOutcome);
  return {
    schemaVersion: "baton.gate-report.v1",
    candidateId,
    runId,
    stage,
    policyVersion: policy.version,
    policySha256: sha256,
    verdict: verdictOf(gates),
    gates,
    promotionTarget: evidence.research.found?.value.spec.promotion.target ?? null,
    inputs: sourceDigests(sourcesOf(evidence)),
    checks: results.flat(),
  };
}

/** The sources of the evidence in the order of the stages that make them. */
function sourcesOf(evidence: Evidence): Source<unknown>[] {
  const { research, manifest, plugin, tests, catalog } = evidence;
  const { walkForward, folds, stress, evaluation } = evidence;
  return [research, manifest, plugin, tests, catalog, walkForward, folds, stress, evaluation];
}

/**
 * One gate of its checks: anything failed or missing fails it; it passes only if something was measured and passed
 * (a warning was measured too); with nothing but skipped checks it is skipped.
 */
export function gateOutcome(checks: readonly GateCheck[]): GateOutcome {
  const gateId = checks[0]?.gateId;
  if (gateId === undefined) throw new RangeError("a gate without checks");
  const failed = checks.filter(({ status }) => status === "fail" || status === "missing");
  const told = failed.length > 0 ? failed : checks.filter(({ status }) => status !== "pass");
  const reasons = told
    .map(({ checkId, status, reason }) => cut(`${checkId} ${status}: ${reason}`, MAX_REASON))
    .slice(0, MAX_REASONS);
  if (failed.length > 0) return { gateId, status: "fail", reasons };
  const skipped = checks.every(({ status }) => status === "skipped");
  return { gateId, status: skipped ? "skipped" : "pass", reasons };
}
