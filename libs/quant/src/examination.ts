import { type Panel, requirePanel, rowsOf, truncated } from "./bar.ts";
import type { Targets } from "./holdings.ts";
import { requireWithin } from "./limits.ts";
import type { Strategy } from "./plugin.ts";
import { valueAt } from "./series.ts";

/** Checks that a strategy must pass before anything is computed with it. */
export type ExaminationName =
  | "no-look-ahead"
  | "same-row-by-row"
  | "deterministic"
  | "warm-up-flat"
  | "within-bounds";

/** One check: whether it passed, over how many rows, and the first row that failed with what was seen. */
export type Examination = {
  readonly name: ExaminationName;
  readonly pass: boolean;
  readonly rows: number;
  readonly failure?: string;
};

/** How many rows the vectorised form is recomputed at, each on a history that ends there. */
const RECOMPUTED_ROWS = 48;

/**
 * The targets as they would have come day by day: row t from nothing but the first t + 1 rows.
 * Slow by design; equal to `strategy.targets` unless the strategy looks ahead.
 */
export function recomputedTargets(strategy: Strategy, panel: Panel): Targets {
  requireWithin("examinedRows", rowsOf(panel), "panel[0].length");
  const byRow = Array.from({ length: rowsOf(panel) }, (_, row) =>
    strategy.target(truncated(panel, row + 1)),
  );
  return panel.map((_, instrument) => byRow.map((targets) => valueAt(targets, instrument)));
}

/**
 * Really runs the strategy and reports every check; passes only if all do. Throws E_INVALID on a bad panel
 * and E_LIMIT on one too long to recompute.
 * The vectorised form is recomputed on histories cut at the warm-up's edges and at rows spread evenly,
 * the row-by-row form at every row.
 */
export function examineStrategy(strategy: Strategy, panel: Panel): Examination[] {
  requirePanel(panel);
  const rows = rowsOf(panel);
  const all = Array.from({ length: rows }, (_, row) => row);
  const full = strategy.targets(panel);
  const again = strategy.targets(panel);
  const slow = recomputedTargets(strategy, panel);
  const column = (targets: Targets, row: number) => targets.map((series) => valueAt(series, row));
  const { least, most } = strategy.bounds;
  return [
    examine("no-look-ahead", cuts(strategy.warmUpRows, rows), (row) => [
      column(full, row),
      column(strategy.targets(truncated(panel, row + 1)), row),
    ]),
    examine("same-row-by-row", all, (row) => [column(full, row), column(slow, row)]),
    examine("deterministic", all, (row) => [column(full, row), column(again, row)]),
    examine("warm-up-flat", all.slice(0, strategy.warmUpRows), (row) => [
      panel.map(() => 0),
      column(full, row),
    ]),
    examine("within-bounds", all, (row) => {
      const seen = column(full, row);
      return [seen.map((weight) => Math.min(most, Math.max(least, weight))), seen];
    }),
  ];
}

function cuts(warmUpRows: number, rows: number): number[] {
  const spread = Array.from({ length: RECOMPUTED_ROWS }, (_, k) =>
    Math.floor((k * (rows - 1)) / (RECOMPUTED_ROWS - 1)),
  );
  const edges = [0, 1, warmUpRows - 1, warmUpRows, warmUpRows + 1, rows - 2];
  const inside = [...spread, ...edges].filter((row) => row >= 0 && row < rows);
  return [...new Set(inside)].toSorted((a, b) => a - b);
}

function examine(
  name: ExaminationName,
  rows: readonly number[],
  compare: (row: number) => readonly [expected: readonly number[], seen: readonly number[]],
): Examination {
  for (const row of rows) {
    const [expected, seen] = compare(row);
    const same = seen.every((weight, k) => Number.isFinite(weight) && weight === expected[k]);
    if (same && seen.length === expected.length) continue;
    const failure = `row ${row}: expected ${expected.join(", ")}, got ${seen.join(", ")}`;
    return { name, pass: false, rows: rows.length, failure };
  }
  return { name, pass: true, rows: rows.length };
}
