import { CandidateId, RunId } from "@baton/contracts";
import { z } from "zod";

import { BacktestFigures, DatedRows, InputDigest } from "./backtest-figures.ts";
import { Parameters } from "./candidate-spec.ts";

/** `gates/fold-metrics-v1.json`: what each fold earned out of sample, over all instruments. */
export const FoldMetrics = z.object({
  schemaVersion: z.literal("baton.fold-metrics.v1"),
  candidateId: CandidateId,
  runId: RunId,
  inputs: z.array(InputDigest).min(1),
  folds: z
    .array(
      z.object({
        instrument: z.string(),
        fold: z.int().min(0),
        test: DatedRows,
        parameters: Parameters,
        trainSharpe: z.number().nullable(),
        figures: BacktestFigures,
      }),
    )
    .min(1),
  summary: z.object({
    folds: z.int().min(1),
    negativeFolds: z.int().min(0),
    negativeShare: z.number().min(0).max(1),
    /** Mean and population standard deviation of the folds' total returns. */
    meanTotal: z.number(),
    deviationTotal: z.number().min(0),
    /** Deviation over the mean's absolute value; null if the mean is 0, where it has no value. */
    variation: z.number().min(0).nullable(),
    trades: z.int().min(0),
  }),
  /** Measured on the rows themselves, not taken from the settings. */
  leakage: z.object({
    /** Fewest rows between the last train row and the first test row of any fold; negative if they overlap. */
    leastGapRows: z.int(),
    /** True if in every fold all train rows come before all test rows. */
    temporalOrder: z.boolean(),
    /** Rows that were seen although the specification holds them back. */
    heldBackRowsSeen: z.int().min(0),
  }),
});
export type FoldMetrics = z.infer<typeof FoldMetrics>;
