import type { Parameters } from "@baton/artifacts";
import type { Bar, StrategyChoice, WalkForwardWindows } from "@baton/quant";

/** One instrument's rows, without the held-back ones. */
export interface ResearchBars {
  readonly instrument: string;
  readonly bars: readonly Bar[];
}

/** What an authored strategy says of itself, and what its source asked for. */
export interface AuthoredTargets {
  readonly declared: NonNullable<StrategyChoice["authored"]>;
  readonly sets: readonly {
    readonly parameters: Parameters;
    /** By instrument, in their order. */
    readonly targets: readonly Float64Array[];
  }[];
}

/** All that a backtest is computed from: plain data, so that it can be handed to another thread. */
export interface BacktestInput {
  readonly plugin: string;
  /** Of an authored strategy, whose targets were computed elsewhere. */
  readonly authored?: AuthoredTargets;
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
