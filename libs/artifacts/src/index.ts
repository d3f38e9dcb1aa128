export { AuditManifest } from "./audit-manifest.ts";
export {
  BacktestBands,
  BacktestFigures,
  BandPercentiles,
  DatedRows,
  InputDigest,
} from "./backtest-figures.ts";
export {
  CandidateSpecArtifact,
  DeclaredTrial,
  Feature,
  FeedbackAnswer,
} from "./candidate-spec-artifact.ts";
export {
  CandidateSpec,
  CsvTreatment,
  Instrument,
  InstrumentName,
  LEAST_HOLDOUT_ROWS,
  Parameters,
  Split,
  AuthoredStrategy,
  MAX_SOURCE_BYTES,
} from "./candidate-spec.ts";
export { CsvDateFormat, CsvDelimiter, CsvFormat, toldFormat } from "./csv-format.ts";
export {
  DatasetManifest,
  DatasetRange,
  DescribedDataset,
  ManifestedDataset,
  MAX_LISTED_MOVES,
  UnexplainedMove,
} from "./dataset-manifest.ts";
export { engineStop, mainStop } from "./engine-stop.ts";
export {
  DeflatedSharpeResult,
  EvaluationReport,
  Neighbourhood,
  ReproducibilitySet,
} from "./evaluation-report.ts";
export { FoldMetrics } from "./fold-metrics.ts";
export { CheckStatus, GateCheck, GateEvaluation } from "./gate-evaluation.ts";
export { GateOutcome, GateReport, verdictOf } from "./gate-report.ts";
export {
  IncidentRecord,
  ObservedIncident,
  RECOVERY_CHECKS,
  RecoveryCheck,
} from "./incident-record.ts";
export { LiveRampReport, ObservedChange, ObservedRollout } from "./live-ramp.ts";
export { ContinuousMonitoring, ObservedMonitoring } from "./monitoring.ts";
export { PolicyCase, PolicyDryRun } from "./policy-dry-run.ts";
export { PromotionPrerequisites } from "./promotion-prerequisites.ts";
export {
  DrillOutcome,
  ObservedDrills,
  ROLLBACK_DRILLS,
  RollbackDrill,
  RollbackReadiness,
  TimedStep,
} from "./rollback-readiness.ts";
export { BandCheck, ShadowPaperReport, TradingCosts } from "./shadow-paper.ts";
export {
  EngineControls,
  EngineOrder,
  MainLoss,
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
  STRATEGY_TROUBLES,
  type StrategyTrouble,
  UnclaimedAccount,
} from "./strategy-configmap.ts";
export {
  BuiltParameterSet,
  CatalogEntryArtifact,
  type StrategyBar,
  StrategyPluginArtifact,
  type StrategySource,
  TestReportArtifact,
} from "./strategy-plugin.ts";
export { STRESS_FAMILIES, StressFamily, StressMetrics } from "./stress-metrics.ts";
export {
  CrossValidation,
  InstrumentWalkForward,
  WalkForwardFoldResult,
  WalkForwardResults,
  WalkForwardScheme,
} from "./walkforward-results.ts";
