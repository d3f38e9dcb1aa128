/**
 * The transition guard: may a candidate go from one stage to another? First rule that refuses wins. Reasons, order and next
 * actions are those of the public guard. Every claim comes in as verified evidence; the caller is the coordinator, or the
 * offline guard. Where the public guard is wanting this one is stricter, or lets recovery happen:
 *
 * G1: a candidate without an active stage may only enter the start, whatever `from` says.
 * G2: a hold or failed controls don't keep a candidate out of its recovery stage: that is where they lead.
 * G3: an incident that people opened leads to recovery from any stage, whatever was made or passed before.
 * G4: a ticketed emergency opens only the recovery stage; a ticket of blanks is none.
 */
import type { CandidateId, RunId, Stage } from "@baton/contracts";

import type { Playbook } from "../format/playbook.ts";
import { recoveryStage } from "../format/promotion.ts";

/** What the guard is asked about. */
export interface TransitionRequest {
  readonly candidateId: CandidateId;
  readonly runId: RunId;
  readonly from: Stage | null;
  readonly to: Stage;
  /** What the candidate's state says. */
  readonly state: {
    readonly candidateId: string;
    readonly runId: string;
    readonly activeStage: Stage | null;
    readonly paused: boolean;
  };
  readonly previousArtifact: boolean;
  readonly previousGatePassed: boolean;
  readonly riskControlsPassed: boolean;
  readonly executionControlsPassed: boolean;
  readonly mode: "gitops" | "emergency";
  readonly emergencyTicket: string | null;
  /** True if an open incident leads it to recovery (G3). */
  readonly incident?: boolean;
}

/** The guard's answer. */
export type TransitionVerdict =
  | {
      readonly allowed: true;
      readonly reason: "transition_allowed";
      readonly nextAction: "proceed";
    }
  | {
      readonly allowed: false;
      readonly reason: string;
      readonly nextAction: "halt" | "human_review" | "rollback";
    };

const deny = (
  reason: string,
  nextAction: "halt" | "human_review" | "rollback" = "halt",
): TransitionVerdict => ({ allowed: false, reason, nextAction });

/** Applies the rules in order. An unknown stage is a denial too, never an exception. */
export function checkTransition(playbook: Playbook, request: TransitionRequest): TransitionVerdict {
  return (
    checkIdentity(playbook, request) ??
    checkEvidence(playbook, request) ?? {
      allowed: true,
      reason: "transition_allowed",
      nextAction: "proceed",
    }
  );
}

function checkIdentity(
  playbook: Playbook,
  request: TransitionRequest,
): TransitionVerdict | undefined {
  const { state, from, to } = request;
  const unknown = [to, from, state.activeStage].find(
    (stage) => stage !== null && !playbook.stages.has(stage),
  );
  if (unknown != null) return deny(`unknown_stage:${unknown}`);
  const source = state.activeStage;
  if (source !== null && from !== null && source !== from) {
    return deny(`active_stage_mismatch:${source}`);
  }
  if (state.runId === "") return deny("missing_run_id");
  if (state.runId !== request.runId) return deny(`run_mismatch:${state.runId}`);
  if (source === null) {
    if (from !== null || to !== playbook.start) return deny("missing_source_stage");
  } else if (!playbook.stages.get(source)?.to.includes(to) && !recovers(playbook, request)) {
    return deny(`illegal_transition:${source}->${to}`);
  }
  if (state.candidateId === "") return deny("missing_candidate_id");
  if (state.candidateId !== request.candidateId) return deny("candidate_mismatch");
  return undefined;
}

function checkEvidence(
  playbook: Playbook,
  request: TransitionRequest,
): TransitionVerdict | undefined {
  const { state, to } = request;
  const rule = playbook.stages.get(to);
  if (!rule) return deny(`unknown_stage:${to}`);
  const source = state.activeStage === null ? undefined : playbook.stages.get(state.activeStage);
  const opened = recovers(playbook, request);
  const recovery = opened || source?.incident === to;
  if (state.paused && !recovery) return deny("candidate_paused_for_review", "human_review");
  if (rule.needsArtifact && !request.previousArtifact && !opened)
    return deny("missing_previous_artifact");
  if (rule.needsGate && !request.previousGatePassed && !opened)
    return deny("previous_gate_failed", "rollback");
  if (!request.riskControlsPassed && !recovery) return deny("risk_controls_not_passed", "rollback");
  if (!request.executionControlsPassed && !recovery)
    return deny("execution_controls_not_passed", "rollback");
  const ticketed = request.mode === "emergency" && (request.emergencyTicket ?? "").trim() !== "";
  if (rule.mutable && request.mode !== "gitops" && !(ticketed && recovery)) {
    return deny("mutable_action_requires_gitops_or_ticketed_emergency");
  }
  return undefined;
}

/** G3. */
function recovers(playbook: Playbook, { incident, to }: TransitionRequest): boolean {
  return incident === true && to === recoveryStage(playbook);
}
