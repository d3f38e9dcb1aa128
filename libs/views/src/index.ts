export { renderDescription } from "./candidate/render-description.ts";
export { controlJson, moveJson, renderControl, renderMove } from "./candidate/render-move.ts";
export { type Hindrance, type Undecided, viewOf, type Waiting } from "./controls/controls-view.ts";
export { renderControls, renderHistory } from "./controls/render-controls.ts";
export { type Explanation, explanationOf, type LaneState } from "./explain/explanation.ts";
export { stopOf } from "./explain/stop-of.ts";
export { needsControls, underControls } from "./explain/under-controls.ts";
export {
  compareRunning,
  type Difference,
  drillsOf,
  type Found,
  isDone,
  type Promotion,
  wantedBy,
} from "./running/compare-running.ts";
export {
  type Account,
  type AccountedBy,
  accountFor,
  accountForDrill,
  DRILLED,
  isDrill,
  RAMPED_STRATEGY,
  type StrategyOnMain,
  wantsNothing,
  writtenAs,
  type Unaccounted,
} from "./running/account-for.ts";
export { drillStrategy } from "./running/drill-strategy.ts";
export { strategyData, strategyText } from "./running/strategy-text.ts";
export { unaccountedText } from "./running/unaccounted-text.ts";
export { differenceText } from "./running/difference-text.ts";
export { renderArtifacts } from "./tables/render-artifacts.ts";
export { type Column, renderTable } from "./tables/render-table.ts";
export { type History, runSpansOf } from "./trace/run-spans.ts";
export { renderWaterfall } from "./trace/render-waterfall.ts";
export type { SpanKind } from "./trace/segments.ts";
export type { SpanData } from "./trace/span-data.ts";
export { traceIdOf } from "./trace/span-frame.ts";
export { spansOf, totalsOf } from "./trace/spans.ts";
export { adviceOn, adviceOnStop, limitedAnswers } from "./words/advice.ts";
export { whoText } from "./words/answer-text.ts";
export { type AnyCommand, commandName, untilDecided, whereSeen } from "./words/command-words.ts";
export { controlChangeText, scopeText } from "./words/control-change.ts";
export { laneSays } from "./words/lane-says.ts";
export { adviceOnMatter } from "./words/matter-advice.ts";
export { faultText, particularsOf, stopText } from "./words/particulars.ts";
export { act, type Act, actsOf, inTerminal, type Phrase } from "./words/phrase.ts";
export { standingText } from "./words/standing-text.ts";
export { ageText, durationText } from "./words/time-text.ts";
