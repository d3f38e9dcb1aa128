/** Lane F: shows by doing that a promotion can be stopped, watches it, recovers from incidents, and seals the evidence. */
import { defineLane, type LaneDefinition } from "@baton/lanekit";

import { auditEvidence } from "./audit-evidence.ts";
import { continuousMonitoring } from "./continuous-monitoring.ts";
import { incidentRecovery } from "./incident-recovery.ts";
import { policyDryRun } from "./policy-dry-run.ts";
import { type EvidenceOptions, worldOf } from "./ports.ts";
import { rollbackReadiness } from "./rollback-readiness.ts";

/** The lane of the stages rollback-readiness, policy-dry-run, continuous-monitoring, incident-recovery and audit-evidence. */
export function evidenceLane(options: EvidenceOptions): LaneDefinition {
  return defineLane({
    lane: "lane-f",
    // What was promoted is still running: people hear at once that recovery can't stop it.
    urgent: ["incident-recovery"],
    stages: {
      "rollback-readiness": (context) =>
        rollbackReadiness(context, worldOf(options, context), options.controls),
      "policy-dry-run": policyDryRun,
      "continuous-monitoring": (context) =>
        continuousMonitoring(context, worldOf(options, context)),
      "incident-recovery": (context) =>
        incidentRecovery(context, worldOf(options, context), options),
      "audit-evidence": (context) => auditEvidence(context, options),
    },
  });
}
