/** What the artifacts of the backtest share: figures, bands and what they were computed from. */
import { ArtifactName, Sha256 } from "@baton/contracts";
import { z } from "zod";

/**
 * Figures of one series of net returns. Fractions, not per cent; `maxDrawdown` is 0 or below; `cagr`,
 * `volatility`, `sharpe`, `sortino` and `turnoverPerYear` are per year of as many rows as the
 * report's `barsPerYear`, the two ratios null where there is no spread to divide by; `turnover` is the sum of all
 * changes of weight, `trades` the rows with one, `cost` the sum of costs as a fraction of the equity.
 */
export const BacktestFigures = z.object({
  rows: z.int().min(0),
  total: z.number(),
  cagr: z.number(),
  volatility: z.number(),
  sharpe: z.number().nullable(),
  sortino: z.number().nullable(),
  maxDrawdown: z.number().max(0),
  turnover: z.number().min(0),
  turnoverPerYear: z.number().min(0),
  trades: z.int().min(0),
  cost: z.number().min(0),
});
export type BacktestFigures = z.infer<typeof BacktestFigures>;

/** Percentiles of one figure over all resampled paths. */
export const BandPercentiles = z.object({
  p01: z.number(),
  p05: z.number(),
  p25: z.number(),
  p50: z.number(),
  p75: z.number(),
  p95: z.number(),
  p99: z.number(),
});
export type BandPercentiles = z.infer<typeof BandPercentiles>;

/** Where the figures of `horizonRows` rows lie if the future draws from the out-of-sample returns in blocks. */
export const BacktestBands = z.object({
  seed: z.int(),
  samples: z.int().positive(),
  blockRows: z.int().positive(),
  horizonRows: z.int().positive(),
  /** Null if the returns have no spread, where a ratio has no value. */
  sharpe: BandPercentiles.nullable(),
  total: BandPercentiles,
  maxDrawdown: BandPercentiles,
});
export type BacktestBands = z.infer<typeof BacktestBands>;

/** An artifact that another one was computed from, by digest. */
export const InputDigest = z.object({ name: ArtifactName, sha256: Sha256 });
export type InputDigest = z.infer<typeof InputDigest>;

/** Rows `from` up to but without `to` of an instrument's series, and the dates of the first and the last of them. */
export const DatedRows = z.object({
  from: z.int().min(0),
  to: z.int().min(1),
  start: z.iso.date(),
  end: z.iso.date(),
});
export type DatedRows = z.infer<typeof DatedRows>;
