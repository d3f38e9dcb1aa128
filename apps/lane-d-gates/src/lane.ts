/**
 * Lane D: holds the run's artifacts against the gate policy. It computes nothing itself and reads nothing else, so
 * that its verdict can be checked by anyone who has the artifacts and the policy.
 */
import type { GateEvaluation } from "@baton/artifacts";
import {
  defineLane,
  done,
  type LaneDefinition,
  type StageContext,
  StageFailure,
  type StageOutcome,
} from "@baton/lanekit";

import { evaluateGates } from "./evaluate-gates.ts";
import { readEvidence } from "./evidence.ts";
import type { LoadedGatePolicy } from "./gate-policy.ts";
import { gateReportText } from "./gate-report-text.ts";

async function evaluate(context: StageContext, policy: LoadedGatePolicy): Promise<StageOutcome> {
  requirePinned(context, policy);
  context.progress("reading evidence");
  const evidence = await readEvidence(context);
  context.progress("evaluating gates");
  const report = evaluateGates(evidence, policy, context);
  await context.putJson("gates/gate-evaluation.json", report);
  await context.put("gates/gate-evaluation.md", new TextEncoder().encode(gateReportText(report)));
  return done(summaryOf(report), report.verdict);
}

/** Throws a StageFailure (policy): judged by other thresholds than the playbook asks for, nothing could be promoted anyway. */
function requirePinned({ gatePolicy }: StageContext, { policy, sha256 }: LoadedGatePolicy): void {
  if (gatePolicy === undefined || gatePolicy === sha256) return;
  throw new StageFailure({
    class: "policy",
    code: "E_GATE_POLICY",
    message: `the playbook asks for the gate policy with SHA-256 ${gatePolicy}; this lane has ${policy.version}, ${sha256}`,
    action:
      "Start lane D with that file (BATON_GATE_POLICY), then `baton resume ID --why …`; or name this one in the playbook (`limits.gatePolicy`) and submit anew.",
  });
}

function summaryOf({ gates, policyVersion }: GateEvaluation): string {
  const failed = gates.filter(({ status }) => status === "fail");
  if (failed.length === 0) return `every gate that applies passed under policy ${policyVersion}`;
  const [first] = failed.flatMap(({ reasons }) => reasons);
  return `${failed.map(({ gateId }) => gateId).join(", ")} failed: ${first ?? "no reason given"}`;
}

/** The lane of stage gate-evaluation under this policy. */
export function gatesLane(policy: LoadedGatePolicy): LaneDefinition {
  return defineLane({
    lane: "lane-d",
    stages: { "gate-evaluation": (context) => evaluate(context, policy) },
  });
}
