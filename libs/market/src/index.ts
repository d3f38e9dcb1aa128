/** Prices behind one port: built-in datasets with pinned digests, and users' CSV files. */
export { alignByDate, type Alignment } from "./alignment.ts";
export { BUILT_INS, type BuiltIn, builtInMarketData } from "./built-in-market-data.ts";
export { csvMarketData, type CsvSource } from "./csv-market-data.ts";
export {
  CalendarGap,
  type Dataset,
  DatasetManifest,
  InstrumentName,
  type MarketData,
} from "./dataset.ts";
export { LIMITS } from "./limits.ts";
export {
  MarketError,
  type MarketErrorClass,
  type MarketErrorCode,
  type MarketErrorDetail,
} from "./market-error.ts";
