/** Whether a candidate's data is enough for what it wants to try, and not too much. */
import type { CandidateSpec } from "@baton/contracts";
import { findPlugin, LIMITS, WalkForwardWindows } from "@baton/quant";

import type { CandidateData } from "./candidate-data.ts";
import type { SpecProblem } from "./spec-problems.ts";

/** How many rows a candidate needs at least, and for what. */
export type RowsNeeded = {
  readonly rows: number;
  /** Before the first fold: the longest warm-up, or what the walk-forward leaves free. */
  readonly before: number;
  readonly fold: number;
  readonly heldBack: number;
};

/** Rows for the warm-up, one fold of the walk-forward and the holdout. Only for a specification that its plugin takes. */
export function rowsNeeded({ strategy, holdoutRows }: CandidateSpec): RowsNeeded {
  const { firstRow, trainRows, purgeRows, embargoRows, testRows } = WalkForwardWindows.parse({});
  const fold = trainRows + purgeRows + embargoRows + testRows;
  const plugin = findPlugin(strategy.plugin);
  const warmUps = strategy.grid.map((parameters) => plugin.bind(parameters).warmUpRows);
  const before = Math.max(firstRow, ...warmUps);
  return { rows: before + fold + holdoutRows, before, fold, heldBack: holdoutRows };
}

/** What is wrong with a specification once its data is known: too few rows, or more work than the walk-forward can do. */
export function rowProblems(spec: CandidateSpec, { datasets }: CandidateData): SpecProblem[] {
  const needed = rowsNeeded(spec);
  const { rows, before, fold, heldBack } = needed;
  const short = datasets.flatMap(({ manifest }, index): SpecProblem[] => {
    if (manifest.rows >= rows) return [];
    const dropped =
      manifest.droppedRows === 0
        ? ""
        : ` on the dates that all instruments have (${manifest.droppedRows} others are left out)`;
    const rule = `${rows} rows are needed (${before} before the first fold, ${fold} for it, ${heldBack} held back), ${manifest.instrument} has ${manifest.rows}${dropped}`;
    return [{ path: ["universe", index, "instrument"], value: manifest.instrument, rule }];
  });
  const all = datasets.reduce((total, { bars }) => total + bars.length, 0);
  return [...short, ...workProblems(spec, all)];
}

function workProblems({ strategy: { grid } }: CandidateSpec, rows: number): SpecProblem[] {
  if (grid.length * rows <= LIMITS.gridWork) return [];
  const most = Math.floor(LIMITS.gridWork / rows);
  const rule = `${grid.length} sets over ${rows} rows are too many; at most ${most} sets`;
  return [{ path: ["strategy", "grid"], value: `${grid.length} sets`, rule }];
}
