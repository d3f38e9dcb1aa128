import type { Parameters } from "@baton/artifacts";
import type { Bar, WalkForwardWindows } from "@baton/quant";

/** One instrument's rows, without the held-back ones. */
export interface ResearchBars {
  readonly instrument: string;
  readonly bars: readonly Bar[];
}

/** All that a backtest is computed from: plain data, so that it can be handed to another thread. */
export interface BacktestInput {
  readonly plugin: string;
  /** Parameter sets with the defaults filled in, in the order of the declared trials. */
  readonly grid: readonly Parameters[];
  readonly costBps: number;
  readonly seed: number;
  readonly bootstrapSamples: number;
  readonly holdoutRows: number;
  readonly barsPerYear: number;
  readonly windows: WalkForwardWindows;
  readonly instruments: readonly ResearchBars[];
}
