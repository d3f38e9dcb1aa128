import type { DescribedDataset } from "@baton/artifacts";
import type { Bar } from "@baton/quant";

/**
 * Bars in ascending order of date, at prices that are comparable over time, and the manifest computed from them.
 * `staleOpens` says of each row whether the file's open repeats the close before it; null in the first one.
 */
export type Dataset = {
  readonly manifest: DescribedDataset;
  readonly bars: readonly Bar[];
  readonly staleOpens: readonly (boolean | null)[];
  /** Names of columns in the file that weren't read. */
  readonly ignoredColumns?: readonly string[];
};

/**
 * Where prices come from. `load` reads, checks and describes one instrument; it throws a `MarketError`
 * whose class says whether a retry may help, and never gives part of a dataset.
 */
export type MarketData = {
  readonly load: (instrument: string, signal: AbortSignal) => Promise<Dataset>;
};
