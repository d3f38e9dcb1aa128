export { decide } from "./decide.ts";
export type {
  ControlDecision,
  ControlFacts,
  ControlQuestion,
  HistoryFacts,
} from "./control-step.ts";
export { decideControl } from "./decide-control.ts";
export { approvalQuestion, approvalState, type ApprovalState } from "./approval-state.ts";
export { knownRefusal } from "./approve.ts";
export type {
  Decision,
  Happening,
  Question,
  Refusal,
  RejectCode,
  VerifiedIdentity,
} from "./decision.ts";
export { reject } from "./decision.ts";
export { evidenceFor, evidenceNeeded, evidenceRecord, type EvidenceRequest } from "./evidence.ts";
export { assess } from "./conclude.ts";
export { approvalRuleFor, checkPassage, evidenceDigest } from "./enter.ts";
export { isOutage, waitsForService } from "./failure-signature.ts";
export { backoff, evaluateFailure, type FailureAction, retryDelay } from "./failure-policy.ts";
export { checkTransition, type TransitionRequest, type TransitionVerdict } from "./guard.ts";
export { candidateIdOf, digestOf, drillPrefixOf, runIdOf, traceOf } from "./identify.ts";
export { APPROVAL_SECONDS } from "./approval-rule.ts";
export {
  FailurePolicy,
  parsePlaybook,
  type Playbook,
  PlaybookDocument,
  type PlaybookResult,
  stageRule,
  type StageRule,
} from "./playbook.ts";
export { isPromoted, promotes, recoveryStage, waitsForKillSwitch } from "./promotion.ts";
export { questionOf, type ReplaySources } from "./replay.ts";
export { instantMs, instantOf, shiftInstant } from "./instant.ts";
export { emergencyFor, isStopped, type Stop, stopFor } from "./stops.ts";
export { rolesFor } from "./who-may-answer.ts";
export { arrivedAt, loaded, Story } from "./testing/story.ts";
