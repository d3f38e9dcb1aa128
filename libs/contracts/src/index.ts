export { About, EvidenceFault, Left, StoppedBy } from "./about.ts";
export {
  ArtifactContent,
  ArtifactName,
  ArtifactRef,
  MAX_ARTIFACT_BYTES,
  MAX_ARTIFACTS,
} from "./artifact.ts";
export {
  CandidateSpec,
  CsvTreatment,
  Instrument,
  InstrumentName,
  LEAST_HOLDOUT_ROWS,
  Parameters,
  Split,
} from "./candidate-spec.ts";
export { canonicalJson } from "./canonical-json.ts";
export {
  DEFAULT_WALK_FORWARD_LIMITS,
  LABEL_ROWS,
  WalkForwardChoice,
  WalkForwardLimits,
} from "./walk-forward.ts";
export { CsvDateFormat, CsvDelimiter, CsvFormat, toldFormat } from "./csv-format.ts";
export { isSamePerson, NAME_RULE } from "./person-name.ts";
export {
  CommandSignature,
  PublicKey,
  Role,
  Signature,
  SIGNED_WITHIN_MS,
  signedText,
} from "./command-signature.ts";
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
export { Identity } from "./identity.ts";
export { conformanceTo } from "./conforms.ts";
export { ControlAbout } from "./control-about.ts";
export { IncidentScope } from "./incident-scope.ts";
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
export {
  Approval,
  awaitedDispatch,
  Cause,
  Entry,
  EvidenceRecord,
  Feedback,
  foreignIn,
  GuardReceipt,
  Hold,
  incidentsOf,
  isDispatch,
  Review,
  ReviewAnswer,
  type StoredEntry,
  type TimedEntry,
} from "./entry.ts";
export { engineStop, mainStop } from "./engine-stop.ts";
export {
  ACCOUNT_STOP_CODE,
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
} from "./failure.ts";
export { GateOutcome, GateReport, verdictOf } from "./gate-report.ts";
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
  ChannelName,
  MAX_CHANNELS,
  Notice,
  NoticeDelivery,
  NoticeKind,
  Severity,
  WaitingChannel,
} from "./notice.ts";
export { AnyReason, isReason, Reason, REASONS, type ReasonText, reasonText } from "./reason.ts";
export {
  AttemptReport,
  type Outcome,
  Report,
  ResultReport,
  type StoredReport,
  Verdict,
} from "./report.ts";
export { noticeKey, reviewMatter, ReviewRecord, REVIEWS_BUCKET } from "./review-record.ts";
export {
  ADVISORY_SUBJECTS,
  ARTIFACT_WRITERS,
  artifactChunkSubject,
  artifactRecordFilter,
  artifactRecordSubject,
  ARTIFACTS_BUCKET,
  artifactsOfWriter,
  type ArtifactWriter,
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
  STREAMS,
} from "./subjects.ts";
export { NoticeLevel, ToldChannel, ToldRecord } from "./told-record.ts";

// Artifacts of lanes C and D.
export {
  BacktestBands,
  BacktestFigures,
  BandPercentiles,
  DatedRows,
  InputDigest,
} from "./artifacts/backtest-figures.ts";
export {
  DeflatedSharpeResult,
  EvaluationReport,
  Neighbourhood,
  ReproducibilitySet,
} from "./artifacts/evaluation-report.ts";
export { FoldMetrics } from "./artifacts/fold-metrics.ts";
export { CheckStatus, GateCheck, GateEvaluation } from "./artifacts/gate-evaluation.ts";
export { STRESS_FAMILIES, StressFamily, StressMetrics } from "./artifacts/stress-metrics.ts";
export {
  CrossValidation,
  InstrumentWalkForward,
  WalkForwardFoldResult,
  WalkForwardResults,
  WalkForwardScheme,
} from "./artifacts/walkforward-results.ts";

// Artifacts of lanes A and B.
export {
  CandidateSpecArtifact,
  DeclaredTrial,
  Feature,
  FeedbackAnswer,
} from "./artifacts/candidate-spec-artifact.ts";
export {
  DatasetManifest,
  DatasetRange,
  DescribedDataset,
  ManifestedDataset,
  MAX_LISTED_MOVES,
  UnexplainedMove,
} from "./artifacts/dataset-manifest.ts";
export {
  BuiltParameterSet,
  CatalogEntryArtifact,
  StrategyPluginArtifact,
  type StrategyBar,
  type StrategySource,
  TestReportArtifact,
} from "./artifacts/strategy-plugin.ts";

// Artifacts of lane E.
export { LiveRampReport, ObservedChange, ObservedRollout } from "./artifacts/live-ramp.ts";
export { PromotionPrerequisites } from "./artifacts/promotion-prerequisites.ts";
export { BandCheck, ShadowPaperReport, TradingCosts } from "./artifacts/shadow-paper.ts";
export {
  EngineControls,
  MainLoss,
  EngineOrder,
  RAMP_LEVELS,
  RampLevel,
  RunningStrategies,
  RunningStrategy,
  STRATEGIES_FOLDER,
  STRATEGY_CHARACTERS,
  StrategyConfigMap,
  StrategyData,
  strategyHashText,
  StrategyInstrument,
  StrategyLimits,
  strategyPath,
  StrategySettings,
  StrategyTrouble,
  UnclaimedAccount,
} from "./artifacts/strategy-configmap.ts";

// Artifacts of lane F.
export { AuditManifest } from "./artifacts/audit-manifest.ts";
export {
  IncidentClass,
  IncidentRecord,
  ObservedIncident,
  RECOVERY_CHECKS,
  RecoveryCheck,
} from "./artifacts/incident-record.ts";
export { ContinuousMonitoring, ObservedMonitoring } from "./artifacts/monitoring.ts";
export { PolicyCase, PolicyDryRun } from "./artifacts/policy-dry-run.ts";
export {
  DrillOutcome,
  ObservedDrills,
  ROLLBACK_DRILLS,
  RollbackDrill,
  RollbackReadiness,
  TimedStep,
} from "./artifacts/rollback-readiness.ts";
export { boundedHealth, ServiceHealth, ServiceMatter, serviceSubject } from "./service-health.ts";
export { printableText } from "./text.ts";
export {
  type Foreign,
  openUnion,
  type Reading,
  readWire,
  WIRE_VERSION,
  wireObject,
} from "./wire.ts";
export { WIRE, type WireKind } from "./wire-kinds.ts";
