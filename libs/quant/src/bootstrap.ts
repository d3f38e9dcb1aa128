import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { quantileSorted } from "simple-statistics";
import { z } from "zod";

import { maxDrawdown, sharpeRatio, totalReturn } from "./figures.ts";
import { requireWhole, requireWithin } from "./limits.ts";
import { sharpePerRow } from "./moments.ts";
import { requireThat } from "./quant-error.ts";
import { type Series, valueAt, zeros } from "./series.ts";

const LEVELS = { p01: 0.01, p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95, p99: 0.99 };

/** Percentiles of one figure over all resampled paths, interpolated linearly between neighbours. */
export const Percentiles = z.strictObject({
  p01: z.number(),
  p05: z.number(),
  p25: z.number(),
  p50: z.number(),
  p75: z.number(),
  p95: z.number(),
  p99: z.number(),
});
export type Percentiles = z.infer<typeof Percentiles>;

/**
 * Where the figures of `horizonRows` rows lie if the future draws from the same returns in blocks.
 * With the same returns and settings, seed included, the bands are the same to the last digit.
 */
export const BootstrapBands = z.strictObject({
  seed: z.int(),
  samples: z.int().positive(),
  blockRows: z.int().positive(),
  horizonRows: z.int().positive(),
  /** Null if the returns have no spread, where a ratio has no value. */
  sharpe: Percentiles.nullable(),
  total: Percentiles,
  maxDrawdown: Percentiles,
});
export type BootstrapBands = z.infer<typeof BootstrapBands>;

/** What to resample: `samples` 1000 and `blockRows` 20 unless said, `horizonRows` as many rows as `net` has. */
export type BootstrapInput = {
  readonly net: Series;
  readonly seed: number;
  readonly barsPerYear: number;
  readonly samples?: number;
  readonly blockRows?: number;
  readonly horizonRows?: number;
};

/**
 * Bands by the circular block bootstrap (Politis and Romano, 1992): blocks of consecutive returns from
 * random starts, the series closed to a ring, keep the streaks that shuffling single days would break.
 * `seed` is a whole number from 0 to 2^31 - 1. Throws E_INVALID or E_LIMIT on sizes out of range.
 */
export function bootstrapBands(input: BootstrapInput): BootstrapBands {
  const {
    net,
    seed,
    barsPerYear,
    samples = 1_000,
    blockRows = 20,
    horizonRows = net.length,
  } = input;
  requireSizes({ ...input, samples, blockRows, horizonRows });
  const random = xoroshiro128plus(seed);
  const path = zeros(horizonRows);
  const sharpes: number[] = [];
  const totals: number[] = [];
  const drawdowns: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    for (let filled = 0; filled < horizonRows; filled += blockRows) {
      const start = uniformInt(random, 0, net.length - 1);
      const end = Math.min(filled + blockRows, horizonRows);
      for (let k = filled; k < end; k += 1) {
        path[k] = valueAt(net, (start + k - filled) % net.length);
      }
    }
    // A path of flat rows only earned nothing for no risk.
    sharpes.push(sharpeRatio(path, barsPerYear) ?? 0);
    totals.push(totalReturn(path));
    drawdowns.push(maxDrawdown(path));
  }
  return {
    seed,
    samples,
    blockRows,
    horizonRows,
    sharpe: sharpePerRow(net) === null ? null : percentilesOf(sharpes),
    total: percentilesOf(totals),
    maxDrawdown: percentilesOf(drawdowns),
  };
}

function requireSizes(input: Required<BootstrapInput>): void {
  const { net, seed, samples, blockRows, horizonRows } = input;
  requireWithin("bars", Math.max(net.length, horizonRows), "net.length, horizonRows");
  requireWithin("bootstrapSamples", samples, "samples");
  requireWithin("bootstrapWork", samples * horizonRows, "samples x horizonRows");
  requireThat(net.length >= 2 && net.every(Number.isFinite), {
    where: "net",
    value: net.find((value) => !Number.isFinite(value)) ?? net.length,
    rule: "at least two returns, all finite",
    action: "evaluate more rows",
  });
  requireWhole(seed, [0, 0x7fff_ffff], "seed");
  requireWhole(samples, [1, samples], "samples");
  requireWhole(horizonRows, [1, horizonRows], "horizonRows");
  requireWhole(blockRows, [1, net.length], "blockRows");
}

function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (level: number) => quantileSorted(sorted, level);
  return {
    p01: at(LEVELS.p01),
    p05: at(LEVELS.p05),
    p25: at(LEVELS.p25),
    p50: at(LEVELS.p50),
    p75: at(LEVELS.p75),
    p95: at(LEVELS.p95),
    p99: at(LEVELS.p99),
  };
}
