/** `research/dataset-manifest.json`: which prices a candidate is judged on, how good they are, and where they are cut. */
import { CandidateId, RunId, Sha256 } from "@baton/contracts";
import { z } from "zod";

import { Split } from "./candidate-spec.ts";
import { CsvFormat } from "./csv-format.ts";

const Share = z.number().min(0).max(1);

/** Some rows of an instrument's series, first and last date included. */
export const DatasetRange = z.object({
  rows: z.int().positive(),
  start: z.iso.date(),
  end: z.iso.date(),
});
export type DatasetRange = z.infer<typeof DatasetRange>;

/** A row whose price moved as no market moves it; `factor` is its price over the one before. */
export const UnexplainedMove = z.object({
  date: z.iso.date(),
  factor: z.number().positive(),
  /** The split that would explain it, new shares to old ones; null if none does. */
  split: z.string().max(20).nullable(),
});
export type UnexplainedMove = z.infer<typeof UnexplainedMove>;

/** Most moves that are listed. */
export const MAX_LISTED_MOVES = 100;

/**
 * One instrument's data set, as it was loaded. `staleOpenRatio` is the share of rows whose open equals the previous
 * close: near 1, opens are made up and a fill at the open is fiction. `nullRate` is the share of empty cells.
 */
export const DescribedDataset = z.object({
  /** Version of this part, which the data-integrity gate asks for. */
  schemaVersion: z.literal("3.0.0"),
  instrument: z.string().min(1).max(16),
  source: z.string().min(1).max(200),
  /** Of the file's bytes. */
  sha256: Sha256,
  rows: z.int().positive(),
  start: z.iso.date(),
  end: z.iso.date(),
  /** Pauses of more than five calendar days beyond the usual spacing. */
  calendarGaps: z.array(
    z.object({ after: z.iso.date(), before: z.iso.date(), days: z.int().min(6) }),
  ),
  staleOpenRatio: Share,
  staleOpenRatioByYear: z.record(z.string(), Share),
  nullRate: Share,
  /** How the file is written, as it was declared and read; absent if nothing was declared. */
  format: CsvFormat.optional(),
  /**
   * How the prices were made comparable over time: `adjusted-close` scales each row so that it closes at the file's own
   * adjusted close, `declared-splits` brings the rows before each split to the new shares.
   */
  prices: z.enum(["as-given", "adjusted-close", "declared-splits"]),
  /** Splits that were declared and applied. */
  splits: z.array(Split),
  /** Dates of moves that were declared to be real. */
  realMoves: z.array(z.iso.date()),
  /** Moves that nothing explains: how many, and the first of them. */
  moves: z.object({
    total: z.int().min(0),
    listed: z.array(UnexplainedMove).max(MAX_LISTED_MOVES),
  }),
});
export type DescribedDataset = z.infer<typeof DescribedDataset>;

/** A described data set on the dates that all of the candidate's have, and where it is cut. */
export const ManifestedDataset = DescribedDataset.extend({
  /** Rows of the file that were left out, as another instrument has none of their dates. */
  droppedRows: z.int().min(0),
  /** All that research, build and backtest may see. */
  research: DatasetRange,
  /** The last rows, held back for shadow and paper. */
  holdout: DatasetRange,
});
export type ManifestedDataset = z.infer<typeof ManifestedDataset>;

/** All data sets of a candidate, each cut into the rows for research and the ones held back. */
export const DatasetManifest = z.object({
  schemaVersion: z.literal("baton.dataset-manifest.v1"),
  candidateId: CandidateId,
  runId: RunId,
  /** Bars that a year has, read off the dates: what every figure per year is made with. */
  barsPerYear: z.int().min(1),
  /** Calendar days from a row to the next, the median. */
  spacingDays: z.number().positive(),
  /** In the order of the universe, all on the same dates. */
  datasets: z.array(ManifestedDataset).min(1),
  holdoutRows: z.int().positive(),
  /** Signals are known at a close and filled at the next one, so stale opens can't flatter them. */
  fills: z.literal("close"),
});
export type DatasetManifest = z.infer<typeof DatasetManifest>;
