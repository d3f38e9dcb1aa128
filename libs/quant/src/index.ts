/** Figures, strategies and evaluations: pure functions from prices to numbers. */
export {
  AUTHORED,
  AUTHORED_TARGETS,
  strategyKind,
  type StrategyChoice,
  type TargetsOf,
} from "./authored.ts";
export { type Backtest, backtest } from "./backtest.ts";
export { Bar, closesOf, type Panel, requirePanel, rowsOf, truncated } from "./bar.ts";
export { barsPerYear, usualSpacingDays } from "./bars-per-year.ts";
export { BootstrapBands, bootstrapBands, type BootstrapInput, Percentiles } from "./bootstrap.ts";
export {
  DeflatedSharpe,
  deflatedSharpe,
  expectedMaximumSharpe,
  probabilisticSharpe,
} from "./deflated-sharpe.ts";
export {
  type Examination,
  type ExaminationName,
  examineStrategy,
  recomputedTargets,
} from "./examination.ts";
export {
  Figures,
  figuresOf,
  maxDrawdown,
  sharpeRatio,
  sortinoRatio,
  totalReturn,
} from "./figures.ts";
export {
  delayedWeights,
  type Holdings,
  netReturns,
  panelReturns,
  settle,
  type Targets,
} from "./holdings.ts";
export { LIMITS } from "./limits.ts";
export { LEAST_DEVIATION, type Moments, momentsOf, sharpePerRow } from "./moments.ts";
export { normalCdf, normalQuantile } from "./normal.ts";
export { type DriftEdge, PerformanceDrift, performanceDrift } from "./performance-drift.ts";
export { MOST_MOVE, type PriceMove, priceMoves } from "./price-moves.ts";
export {
  definePlugin,
  type PluginDefinition,
  type PluginScope,
  type Strategy,
  type StrategyPlugin,
  type WeightBounds,
} from "./plugin.ts";
export { findPlugin, PLUGINS } from "./plugins.ts";
export { horizonLabels, type LabelSpan, type PurgedFold, purgedKFold } from "./purged-k-fold.ts";
export { QuantError, type QuantErrorCode, type QuantErrorDetail } from "./quant-error.ts";
export { equityCurve, simpleReturns } from "./returns.ts";
export { type Series } from "./series.ts";
export { SMA_CROSS_GRID, smaCross, SmaCrossParameters } from "./sma-cross.ts";
export { StressCase, StressKind, STRESSES, stressSuite } from "./stress.ts";
export { tsmom, TsmomParameters } from "./tsmom.ts";
export { tsmomVolTarget, TsmomVolTargetParameters } from "./tsmom-vol-target.ts";
export {
  Trial,
  walkForward,
  type WalkForward,
  WalkForwardFold,
  type WalkForwardInput,
} from "./walk-forward.ts";
export {
  foldSpans,
  RowRange,
  rowsNeeded,
  type RowsWanted,
  WalkForwardWindows,
  windowsOver,
} from "./walk-forward-windows.ts";
