/** Whether a candidate's data is enough for what it wants to try, and not too much. */
import type { CandidateSpec } from "@baton/artifacts";
import type { WalkForwardLimits } from "@baton/contracts";
import { AUTHORED_TARGETS, LIMITS } from "@baton/quant";

import type { CandidateData } from "./candidate-data.ts";
import type { SpecProblem } from "./spec-problems.ts";
import { type RowsNeeded, rowsNeeded, windowsOf } from "./windows.ts";

/** What is wrong with a specification once its data is known: too few rows, or more work than the walk-forward can do. */
export function rowProblems(
  spec: CandidateSpec,
  { datasets }: CandidateData,
  limits: WalkForwardLimits,
): SpecProblem[] {
  const needed = rowsNeeded(spec, limits);
  const short = datasets.flatMap(({ manifest }, index): SpecProblem[] => {
    if (manifest.rows >= needed.rows) return [];
    const dropped =
      manifest.droppedRows === 0
        ? ""
        : ` on the dates that all instruments have (${manifest.droppedRows} others are left out)`;
    // All have the same dates, so one is told what helps.
    const help = index === 0 ? `; ${helpWith(needed, manifest.rows)}` : "";
    const rule = `${needed.rows} rows are needed (${partsOf(needed)}), ${manifest.instrument} has ${manifest.rows}${dropped}${help}`;
    return [{ path: ["universe", index, "instrument"], value: manifest.instrument, rule }];
  });
  const all = datasets.reduce((total, { bars }) => total + bars.length, 0);
  return [...short, ...workProblems(spec, all)];
}

function partsOf({ before, windows, folds, heldBack }: RowsNeeded): string {
  const { trainRows, purgeRows, testRows } = windows;
  return `${before} before the first fold, ${trainRows} to train on, ${purgeRows} purged, ${folds} x ${testRows} to test on, ${heldBack} held back`;
}

function helpWith({ knobs, least, before, windows }: RowsNeeded, rows: number): string {
  // Then no key makes the rows before the first fold fewer.
  const slow = before > windows.firstRow ? ["look-backs in strategy.grid"] : [];
  const keys = knobs.map(([key, may]) => `${key} (at least ${may})`);
  const most = [...keys, ...slow].join(", ");
  const less = most === "" ? "" : `less is needed with smaller ${most}: `;
  if (rows >= least) return `${less}${least} with all keys at their least`;
  return `${less}even at the least it takes ${least}: bring more rows, or take shorter look-backs`;
}

function workProblems(spec: CandidateSpec, rows: number): SpecProblem[] {
  const { grid } = spec.strategy;
  const { trainRows, testRows } = windowsOf(spec);
  // A row is trained on in as many folds as tests fit into a train window.
  const work = rows * Math.max(1, trainRows / testRows);
  const targets = spec.strategy.authored ? AUTHORED_TARGETS : LIMITS.gridWork;
  const most = Math.floor(Math.min(targets / rows, LIMITS.trainWork / work));
  if (grid.length <= most) return [];
  const rule =
    most < 1
      ? `training on ${trainRows} rows for each test of ${testRows} over ${rows} rows is too much work; take longer tests or a shorter train window`
      : `${grid.length} sets over ${rows} rows are too many; at most ${most} sets`;
  return [{ path: ["strategy", "grid"], value: `${grid.length} sets`, rule }];
}
