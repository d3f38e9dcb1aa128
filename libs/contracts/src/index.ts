export { About, EvidenceFault, Left, StoppedBy } from "./about.ts";
export { looksOf } from "./look-alike.ts";
export { isSamePerson, NAME_RULE } from "./person-name.ts";
export {
  CommandSignature,
  PublicKey,
  Role,
  Signature,
  SIGNED_WITHIN_MS,
  signedText,
} from "./command-signature.ts";
export { Basis, Feedback, MAX_FEEDBACK, type Whole } from "./basis.ts";
export {
  BasisBroken,
  basisOf,
  type Brought,
  broughtBy,
  earlierOf,
  foldWhole,
  madeIn,
  type StoredWhole,
  type WholeEntry,
  wholeOf,
  wireOf,
  withBasis,
} from "./whole.ts";
export { Cause } from "./cause.ts";
export { conformanceTo } from "./conforms.ts";
export { ControlAbout } from "./control-about.ts";
export {
  Approval,
  awaitedDispatch,
  Entry,
  type EvidenceRecord,
  foreignIn,
  GuardReceipt,
  type HashedEntry,
  Hold,
  incidentsOf,
  isDispatch,
  Review,
  ReviewAnswer,
  type StoredEntry,
  type TimedEntry,
} from "./entry.ts";
export {
  HISTORY_STREAMS,
  HistoryMarks,
  type HistoryStream,
  type Loss,
  LOSS_FOUND_BY,
  lossText,
  lossThatStops,
  Mark,
  UNKNOWN_LOSS,
} from "./history.ts";
export {
  MESH_MATTER_PREFIX,
  ENGINE_MATTER_PREFIX,
  MESH_REASONS,
  MeshMatter,
  MeshMatterRecord,
  MeshReason,
} from "./mesh-matter.ts";
export {
  ChannelName,
  MAX_CHANNELS,
  Notice,
  NoticeDelivery,
  NoticeKind,
  Severity,
  WaitingChannel,
} from "./notice.ts";
export { AnyReason, isReason, Reason, REASONS, type ReasonText, reasonText } from "./reason.ts";
export { noticeKey, reviewMatter, ReviewRecord, REVIEWS_BUCKET } from "./review-record.ts";
export {
  ADVISORY_SUBJECTS,
  ARTIFACT_WRITERS,
  artifactChunkSubject,
  artifactRecordFilter,
  artifactRecordsOf,
  artifactRecordSubject,
  ARTIFACTS_BUCKET,
  artifactsOfWriter,
  type ArtifactWriter,
  commandFilter,
  commandSubject,
  CONTROL_SUBJECT,
  DURABLES,
  journalFence,
  stageRunFilter,
  journalFilter,
  type JournalSubject,
  journalSubject,
  parseArtifactRecordSubject,
  parseCommandSubject,
  parseJournalSubject,
  parseReportSubject,
  reportFilter,
  type ReportSubject,
  reportSubject,
  runFilter,
  STREAMS,
} from "./subjects.ts";
export { NoticeLevel, ToldChannel, ToldRecord } from "./told-record.ts";

// Artifacts of lanes C and D.

// Artifacts of lanes A and B.

// Artifacts of lane E.

// Artifacts of lane F.
export { boundedHealth, ServiceHealth, ServiceMatter, serviceSubject } from "./service-health.ts";
export {
  type Foreign,
  openNames,
  openUnion,
  type Reading,
  readWire,
  WIRE_VERSION,
  wireObject,
} from "./wire.ts";
export { WIRE, type WireKind } from "./wire-kinds.ts";
export {
  ArtifactContent,
  ArtifactName,
  ArtifactRef,
  MAX_ARTIFACT_BYTES,
  MAX_ARTIFACTS,
} from "./artifact.ts";
export {
  CandidateId,
  CommandId,
  deduplicationId,
  Holder,
  ID_PATTERN,
  Instant,
  isLane,
  Lane,
  LANES,
  MeshName,
  OwnLane,
  PreciseInstant,
  RunId,
  Sha256,
  Stage,
  STAGE_PATTERN,
  type StageRun,
  Traceparent,
} from "./names.ts";
export {
  AttemptReport,
  type Outcome,
  Report,
  ResultReport,
  type StoredReport,
  Verdict,
} from "./report.ts";
export { IncidentClass, IncidentScope } from "./incident-scope.ts";
export { canonicalJson } from "./canonical-json.ts";
export { printableText } from "./text.ts";
export {
  DEFAULT_WALK_FORWARD_LIMITS,
  LABEL_ROWS,
  WalkForwardChoice,
  WalkForwardLimits,
} from "./walk-forward.ts";
export {
  AGENT_NETWORKS,
  AGENTS,
  Amount,
  Assignment,
  Grant,
  MAX_GRANTS,
  NO_AMOUNT,
  plusAmount,
  SpendLimit,
  Spending,
  SpentBudget,
  WORK_ENDS,
  WorkDone,
} from "./stage-work.ts";
export {
  ACCOUNT_STOP_CODE,
  BUDGET_CODE,
  cut,
  Failure,
  FAILURE_CLASSES,
  FailureClass,
  FailureTally,
  isStopFailure,
  MAX_TALLIES,
  MAX_TEXT,
  RetryRule,
  STALLED_CODE,
  STOP_CODES,
  type StopCode,
  Failed,
} from "./failure.ts";
export {
  Command,
  type CommandType,
  MAX_SPEC_BYTES,
  MAX_SPEC_DEPTH,
  Receipt,
  RECEIPT_INBOX,
  REPLY_HEADER,
  SpecDocument,
} from "./command.ts";
export {
  ControlCommand,
  type ControlCommandType,
  Controls,
  Emergency,
  Epoch,
  epochOf,
  GitTask,
  Incident,
  KillSwitchState,
  MAX_EMERGENCY_SECONDS,
  MAX_INCIDENTS,
  MAX_TASKS,
  MESH_ID,
  originControls,
  type StoredControls,
} from "./control.ts";
export { Identity } from "./identity.ts";
