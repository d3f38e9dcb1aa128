/** `research/dataset-manifest.json`: which prices a candidate is judged on, how good they are, and where they are cut. */
import { z } from "zod";

import { CandidateId, RunId, Sha256 } from "../names.ts";

const Share = z.number().min(0).max(1);

/** Some rows of an instrument's series, first and last date included. */
export const DatasetRange = z.object({
  rows: z.int().positive(),
  start: z.iso.date(),
  end: z.iso.date(),
});
export type DatasetRange = z.infer<typeof DatasetRange>;

/**
 * One instrument's data set, as it was loaded. `staleOpenRatio` is the share of rows whose open equals the previous
 * close: near 1, opens are made up and a fill at the open is fiction. `nullRate` is the share of empty cells.
 */
export const ManifestedDataset = z.object({
  /** Version of this part, which the data-integrity gate asks for. */
  schemaVersion: z.literal("3.0.0"),
  instrument: z.string().min(1).max(16),
  source: z.string().min(1).max(200),
  /** Of the file's bytes. */
  sha256: Sha256,
  rows: z.int().positive(),
  start: z.iso.date(),
  end: z.iso.date(),
  /** Pauses of more than five calendar days. */
  calendarGaps: z.array(
    z.object({ after: z.iso.date(), before: z.iso.date(), days: z.int().min(6) }),
  ),
  staleOpenRatio: Share,
  staleOpenRatioByYear: z.record(z.string(), Share),
  nullRate: Share,
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
  /** In the order of the universe. */
  datasets: z.array(ManifestedDataset).min(1),
  holdoutRows: z.int().positive(),
  /** Signals are known at a close and filled at the next one, so stale opens can't flatter them. */
  fills: z.literal("close"),
});
export type DatasetManifest = z.infer<typeof DatasetManifest>;
