import { CandidateId, RunId } from "@baton/contracts";
import { z } from "zod";

import { BacktestFigures, DatedRows, InputDigest } from "./backtest-figures.ts";
import { Parameters } from "./candidate-spec.ts";

/** Rows of the walk-forward: train, then a gap of purge and embargo that nobody sees, then test. */
export const WalkForwardScheme = z.object({
  firstRow: z.int().min(1),
  trainRows: z.int().min(2),
  purgeRows: z.int().min(0),
  embargoRows: z.int().min(0),
  testRows: z.int().min(1),
});
export type WalkForwardScheme = z.infer<typeof WalkForwardScheme>;

/** One fold of one instrument. `trainSharpes` (per year) has one value per parameter set, in the grid's order. */
export const WalkForwardFoldResult = z.object({
  fold: z.int().min(0),
  train: DatedRows,
  test: DatedRows,
  trainSharpes: z.array(z.number().nullable()).min(1),
  /** Index into the grid: the largest train Sharpe ratio, the first of a tie; no value counts as 0. */
  chosen: z.int().min(0),
  figures: BacktestFigures,
});
export type WalkForwardFoldResult = z.infer<typeof WalkForwardFoldResult>;

/** Purged k-fold of one instrument: the choice made on all other folds, tested on the one left out. */
export const CrossValidation = z.object({
  folds: z.int().min(2),
  labelRows: z.int().min(0),
  embargoRows: z.int().min(0),
  /** Per fold: the chosen index, the Sharpe ratio (per year) of its test rows, and the train rows that were taken out. */
  results: z.array(
    z.object({
      chosen: z.int().min(0),
      testSharpe: z.number().nullable(),
      purged: z.int().min(0),
      embargoed: z.int().min(0),
    }),
  ),
});
export type CrossValidation = z.infer<typeof CrossValidation>;

/** All that was tried on one instrument. Rows count from its first; the held-back ones are not among them. */
export const InstrumentWalkForward = z.object({
  instrument: z.string(),
  /** Every row the backtest could see. */
  research: DatedRows,
  folds: z.array(WalkForwardFoldResult).min(1),
  crossValidation: CrossValidation,
  /** Sharpe ratio per row (not per year) of every parameter set over all research rows, in the grid's order. */
  trialSharpesPerRow: z.array(z.number().nullable()).min(1),
  outOfSample: BacktestFigures,
});
export type InstrumentWalkForward = z.infer<typeof InstrumentWalkForward>;

/** `backtest/walkforward-results.json`: every fold of every instrument, and the portfolio of all of them. */
export const WalkForwardResults = z.object({
  schemaVersion: z.literal("baton.walkforward-results.v1"),
  candidateId: CandidateId,
  runId: RunId,
  inputs: z.array(InputDigest).min(1),
  plugin: z.string(),
  costBps: z.number().min(0),
  scheme: WalkForwardScheme,
  grid: z.array(Parameters).min(1),
  instruments: z.array(InstrumentWalkForward).min(1),
  /**
   * On each date equal shares of the equity for the instruments that have test rows around it; a change of the
   * split is paid for. What was earned on each date.
   */
  portfolio: z.object({
    figures: BacktestFigures,
    dates: z.array(z.iso.date()).min(2),
    net: z.array(z.number()).min(2),
  }),
});
export type WalkForwardResults = z.infer<typeof WalkForwardResults>;
