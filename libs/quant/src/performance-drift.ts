import { z } from "zod";

import type { BootstrapBands } from "./bootstrap.ts";
import { maxDrawdown, sharpeRatio, totalReturn } from "./figures.ts";
import { requireThat } from "./quant-error.ts";
import type { Series } from "./series.ts";

const BandCheck = z.strictObject({
  figure: z.enum(["sharpe", "total", "maxDrawdown"]),
  measured: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  place: z.enum(["below", "within", "above", "unknown"]),
});

/**
 * How measured performance compares with the backtest's bands; `drifted` if any figure lies below its band
 * (a deeper drawdown is a lower number). Above a band is shown but is no drift; `unknown` is a figure that has no value,
 * here or in the bands, and so says nothing.
 */
export const PerformanceDrift = z.strictObject({
  drifted: z.boolean(),
  rows: z.int().positive(),
  checks: z.array(BandCheck),
});
export type PerformanceDrift = z.infer<typeof PerformanceDrift>;

/** How rare a figure must be to count as drift: 5 % or 1 % on either side. */
export type DriftEdge = "p05" | "p01";

/**
 * Compares returns with bands made for as many rows. Throws E_INVALID if the counts differ, as bands of
 * another horizon say nothing about these rows.
 */
export function performanceDrift(
  net: Series,
  bands: BootstrapBands,
  { edge = "p05", barsPerYear }: { readonly edge?: DriftEdge; readonly barsPerYear: number },
): PerformanceDrift {
  requireThat(net.length === bands.horizonRows, {
    where: "net.length",
    value: net.length,
    rule: `${bands.horizonRows} rows, the horizon of the bands`,
    action: "compute bands with horizonRows set to the rows measured",
  });
  const opposite = edge === "p05" ? "p95" : "p99";
  const measured = {
    sharpe: sharpeRatio(net, barsPerYear),
    total: totalReturn(net),
    maxDrawdown: maxDrawdown(net),
  };
  const checks = (["sharpe", "total", "maxDrawdown"] as const).map((figure) => {
    const value = measured[figure];
    const low = bands[figure]?.[edge] ?? null;
    const high = bands[figure]?.[opposite] ?? null;
    const place = placeOf(value, low, high);
    return { figure, measured: value, low, high, place } as const;
  });
  return { drifted: checks.some(({ place }) => place === "below"), rows: net.length, checks };
}

function placeOf(value: number | null, low: number | null, high: number | null) {
  if (value === null || low === null || high === null) return "unknown";
  if (value < low) return "below";
  return value > high ? "above" : "within";
}
