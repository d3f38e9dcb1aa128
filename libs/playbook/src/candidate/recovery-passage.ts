import type { Emergency, WholeEntry, RunId, Stage } from "@baton/contracts";

import type { Playbook } from "../format/playbook.ts";
import { checkTransition, type TransitionVerdict } from "../policies/guard.ts";

/**
 * What the guard says to a candidate that is led to recovery from wherever it stands, on hold or not: nothing it made or passed
 * is asked for. `run` is the run in which it would go there.
 */
export function checkRecovery(
  playbook: Playbook,
  { candidateId, stage, hold }: WholeEntry,
  on: {
    readonly to: Stage;
    readonly runId: RunId;
    readonly emergency?: Emergency | undefined;
  },
): TransitionVerdict {
  const { to, runId, emergency } = on;
  return checkTransition(playbook, {
    candidateId,
    runId,
    from: stage,
    to,
    state: { candidateId, runId, activeStage: stage, paused: hold !== null },
    previousArtifact: false,
    previousGatePassed: false,
    riskControlsPassed: false,
    executionControlsPassed: false,
    mode: emergency ? "emergency" : "gitops",
    emergencyTicket: emergency?.ticket ?? null,
    incident: true,
  });
}
