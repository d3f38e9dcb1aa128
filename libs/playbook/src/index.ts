export { decide } from "./candidate/decide.ts";
export type {
  ControlDecision,
  ControlFacts,
  ControlQuestion,
  HistoryFacts,
} from "./controls/control-step.ts";
export { decideControl } from "./controls/decide-control.ts";
export { approvalQuestion, approvalState, type ApprovalState } from "./policies/approval-state.ts";
export { knownRefusal } from "./candidate/approve.ts";
export type {
  Decision,
  Happening,
  Question,
  Refusal,
  RejectCode,
  VerifiedIdentity,
} from "./candidate/decision.ts";
export { reject } from "./candidate/decision.ts";
export {
  evidenceFor,
  evidenceNeeded,
  evidenceRecord,
  type EvidenceRequest,
} from "./candidate/evidence.ts";
export { assess } from "./candidate/conclude.ts";
export { approvalRuleFor, checkPassage, evidenceDigest } from "./candidate/enter.ts";
export { isOutage, waitsForService, waitsForWorkers } from "./policies/failure-signature.ts";
export {
  backoff,
  evaluateFailure,
  type FailureAction,
  retryDelay,
} from "./policies/failure-policy.ts";
export {
  checkTransition,
  type TransitionRequest,
  type TransitionVerdict,
} from "./policies/guard.ts";
export {
  attemptSpanIdOf,
  candidateIdOf,
  digestOf,
  drillPrefixOf,
  runIdOf,
  spanIdOf,
  traceOf,
} from "./identify.ts";
export { APPROVAL_SECONDS } from "./format/approval-rule.ts";
export {
  FailurePolicy,
  parsePlaybook,
  type Playbook,
  PlaybookDocument,
  type PlaybookResult,
  stageRule,
  type StageRule,
} from "./format/playbook.ts";
export { faultPath } from "./format/fault-path.ts";
export { surfacesOf } from "./format/surfaces.ts";
export { spentBy } from "./candidate/spending.ts";
export { isPromoted, promotes, recoveryStage, waitsForKillSwitch } from "./format/promotion.ts";
export { questionOf, type ReplaySources } from "./candidate/replay.ts";
export { instantMs, instantOf, shiftInstant } from "./instant.ts";
export { notionalAt } from "./policies/ramp-notional.ts";
export { emergencyFor, isStopped, type Stop, stopFor } from "./policies/stops.ts";
export { rolesFor } from "./policies/who-may-answer.ts";
export { arrivedAt, loaded, Story } from "./testing/story.ts";
