import { CandidateId, RunId, Sha256 } from "@baton/contracts";
import { z } from "zod";

import { BacktestBands, BacktestFigures, DatedRows, InputDigest } from "./backtest-figures.ts";
import { Parameters } from "./candidate-spec.ts";

/** What has to be the same for the same artifacts to come out. */
export const ReproducibilitySet = z.object({
  /** Digest over the sources that computed it, each by path and digest. */
  code: Sha256,
  /** Version of the runtime, such as `v24.21.0`. */
  runtime: z.string(),
  /** Digest of the specification's canonical JSON. */
  spec: Sha256,
  datasets: z.array(z.object({ instrument: z.string(), sha256: Sha256 })).min(1),
  plugin: z.object({
    name: z.string(),
    /** Digest of the plugin's source as lane B built it. */
    source: Sha256,
    /** Targets of that source compared with those of the registry's plugin, row by row. */
    targetsCompared: z.int().min(0),
    targetsDiffering: z.int().min(0),
  }),
  seed: z.int().min(0),
});
export type ReproducibilitySet = z.infer<typeof ReproducibilitySet>;

/** How well the neighbours of one instrument's chosen parameters do: a narrow peak keeps little. */
export const Neighbourhood = z.object({
  instrument: z.string(),
  parameters: Parameters,
  /** Sharpe ratio (per year) of the chosen parameters over all research rows; null where it has no value. */
  sharpe: z.number().nullable(),
  /** Each parameter moved alone by the shares given in `steps`, others as chosen; only what the plugin accepts. */
  neighbours: z.array(z.object({ parameters: Parameters, sharpe: z.number().nullable() })),
  /** Median and smallest of neighbour / chosen, 0 if the chosen one's ratio isn't positive; null without neighbours, or if it has none. */
  median: z.number().nullable(),
  least: z.number().nullable(),
});
export type Neighbourhood = z.infer<typeof Neighbourhood>;

/** Deflated Sharpe ratio; `sharpe` and `expectedMaximum` are per row, `probability` is the ratio itself; null without value. */
export const DeflatedSharpeResult = z.object({
  trials: z.int().positive(),
  rows: z.int().positive(),
  sharpe: z.number().nullable(),
  skew: z.number(),
  kurtosis: z.number(),
  trialVariance: z.number().min(0),
  expectedMaximum: z.number(),
  probability: z.number().min(0).max(1).nullable(),
});
export type DeflatedSharpeResult = z.infer<typeof DeflatedSharpeResult>;

/** `backtest/evaluation-report.json`: the backtest's figures, how robust they are, and all they were made from. */
export const EvaluationReport = z.object({
  schemaVersion: z.literal("baton.evaluation-report.v1"),
  candidateId: CandidateId,
  runId: RunId,
  /** Artifacts of the stages before that were read. */
  inputs: z.array(InputDigest).min(1),
  /** The other artifacts of this stage. */
  results: z.array(InputDigest).min(1),
  reproducibility: ReproducibilitySet,
  assumptions: z.object({
    /** Orders fill at the close of the next row. */
    fill: z.enum(["close", "open"]),
    delayRows: z.int().min(1),
    costBps: z.number().min(0),
    /** How the instruments share the equity. */
    allocation: z.literal("equal-weight"),
    holdoutRows: z.int().min(0),
    /** Bars that a year has, read off the dates; every figure per year is made with it. */
    barsPerYear: z.int().min(1),
  }),
  data: z
    .array(
      z.object({
        instrument: z.string(),
        sha256: Sha256,
        /** All rows of the data set, and those of them that were seen. */
        rows: z.int().min(1),
        research: DatedRows,
      }),
    )
    .min(1),
  trials: z.object({ declared: z.int().positive(), used: z.int().positive() }),
  /** The portfolio out of sample, each instrument alone, and holding all of them all the time over the same rows. */
  outOfSample: z.object({
    start: z.iso.date(),
    end: z.iso.date(),
    figures: BacktestFigures,
    instruments: z.array(z.object({ instrument: z.string(), figures: BacktestFigures })).min(1),
    buyAndHold: BacktestFigures,
  }),
  /** The parameters to go on with, chosen on the last train window before the held-back rows. */
  chosen: z
    .array(
      z.object({
        instrument: z.string(),
        /** Share of the equity that this instrument's targets are scaled by. */
        share: z.number().min(0).max(1),
        /** Index into the grid. */
        index: z.int().min(0),
        parameters: Parameters,
        train: DatedRows,
        trainSharpe: z.number().nullable(),
      }),
    )
    .min(1),
  expectation: z.object({
    metric: z.enum(["sharpe", "cagr", "maxDrawdown"]),
    atLeast: z.number(),
    measured: z.number().nullable(),
  }),
  deflatedSharpe: DeflatedSharpeResult,
  /**
   * Mean Sharpe ratio (per year) of the test folds of a purged k-fold, over all instruments; a fold without value counts
   * as 0, and it is null if all are.
   */
  crossValidatedSharpe: z.number().nullable(),
  bands: z.object({
    /** As many rows as were measured: how sure the backtest is. */
    full: BacktestBands,
    /** As many rows as are held back: what shadow, paper and monitoring are compared with. */
    holdout: BacktestBands,
  }),
  neighbourhood: z.object({
    /** Shares by which one parameter at a time is moved. */
    steps: z.array(z.number()).min(1),
    instruments: z.array(Neighbourhood).min(1),
    /** The smallest median of any instrument; null if any has none. */
    robustness: z.number().nullable(),
  }),
});
export type EvaluationReport = z.infer<typeof EvaluationReport>;
