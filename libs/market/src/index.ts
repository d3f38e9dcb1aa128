/** Prices behind one port: built-in datasets with pinned digests, and users' CSV files; and a candidate's from both. */
export { alignByDate, type Alignment } from "./alignment.ts";
export { BUILT_INS, type BuiltIn, builtInMarketData } from "./built-in-market-data.ts";
export {
  type CandidateData,
  type CandidateDataset,
  candidateMarket,
  type CandidateSource,
  type DeclaredData,
  loadCandidateData,
  loadDeclaredData,
  loadResearchData,
  manifestOf,
  onSharedDates,
} from "./candidate-data.ts";
export { readCandidate } from "./candidate-document.ts";
export { csvMarketData, type CsvSource } from "./csv-market-data.ts";
export { asDataFailure, DataFailure, type DataFailureCode } from "./data-failure.ts";
export type { Dataset, MarketData } from "./dataset.ts";
export { LIMITS } from "./limits.ts";
export { datasetFrom, staleOpens } from "./manifest.ts";
export {
  MarketError,
  type MarketErrorClass,
  type MarketErrorCode,
  type MarketErrorDetail,
} from "./market-error.ts";
export { rowProblems } from "./row-problems.ts";
export { jsonPath, problemsText, shownValue, type SpecProblem } from "./spec-problems.ts";
export { foldsNeeded, latestWindows, type RowsNeeded, rowsNeeded, windowsOf } from "./windows.ts";
