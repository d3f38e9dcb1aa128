/** A candidate's walk-forward: its windows, how many rows and folds it takes, and what a playbook refuses about it. */
import { type CandidateSpec, LEAST_HOLDOUT_ROWS } from "@baton/artifacts";
import type { WalkForwardLimits } from "@baton/contracts";
import { rowsNeeded as rowsFor, strategyKind, WalkForwardWindows } from "@baton/quant";

import type { SpecProblem } from "./spec-problems.ts";

type Strategy = CandidateSpec["strategy"];

/** The windows with what the candidate left out filled in. */
export function windowsOf({ walkForward = {} }: Pick<CandidateSpec, "walkForward">) {
  return WalkForwardWindows.parse(walkForward);
}

/** Rows in which the slowest set of the grid stays flat. Only for a grid that its plugin takes. */
function longestWarmUp(strategy: Strategy): number {
  const plugin = strategyKind(strategy);
  return Math.max(...strategy.grid.map((parameters) => plugin.bind(parameters).warmUpRows));
}

/** Folds that each instrument must have: enough over all of them as gate 1 counts, and enough test rows in each. */
export function foldsNeeded(
  { minFolds, minTestedRows }: WalkForwardLimits,
  { instruments, testRows }: { readonly instruments: number; readonly testRows: number },
): number {
  return Math.max(Math.ceil(minFolds / instruments), Math.ceil(minTestedRows / testRows));
}

/** How many rows a candidate needs at least, and for what. */
export interface RowsNeeded {
  readonly rows: number;
  /** Before the first fold: the longest warm-up, or what the walk-forward leaves free. */
  readonly before: number;
  readonly windows: WalkForwardWindows;
  /** Of each instrument. */
  readonly folds: number;
  readonly heldBack: number;
  /** A key that asks for less, and the least it may be. */
  readonly knobs: readonly (readonly [key: string, least: number])[];
  /** Rows with every knob at its least. */
  readonly least: number;
}

/** Rows for warm-up, train window, purge, enough folds and the holdout. Only for a specification that its plugin takes. */
export function rowsNeeded(spec: CandidateSpec, limits: WalkForwardLimits): RowsNeeded {
  const windows = windowsOf(spec);
  const warmUpRows = longestWarmUp(spec.strategy);
  const { holdoutRows } = spec;
  const rowsWith = (with_: WalkForwardWindows, heldBack: number) => {
    const at = { instruments: spec.universe.length, testRows: with_.testRows };
    const folds = foldsNeeded(limits, at);
    return { folds, rows: rowsFor({ windows: with_, warmUpRows, holdoutRows: heldBack, folds }) };
  };
  const least = {
    firstRow: Math.max(1, warmUpRows),
    trainRows: limits.minTrainRows,
    purgeRows: limits.minPurgeRows,
    testRows: limits.minTestRows,
  };
  const smallest = { ...windows, ...least };
  const knobs: (readonly [key: string, now: number, least: number])[] = [
    ["walkForward.testRows", windows.testRows, least.testRows],
    ["walkForward.trainRows", windows.trainRows, least.trainRows],
    ["walkForward.firstRow", windows.firstRow, least.firstRow],
    ["walkForward.purgeRows", windows.purgeRows, least.purgeRows],
    ["holdoutRows", holdoutRows, LEAST_HOLDOUT_ROWS],
  ];
  return {
    ...rowsWith(windows, holdoutRows),
    before: Math.max(windows.firstRow, warmUpRows),
    windows,
    heldBack: holdoutRows,
    knobs: knobs.flatMap(([key, now, may]) => (now > may ? [[key, may] as const] : [])),
    least: rowsWith(smallest, LEAST_HOLDOUT_ROWS).rows,
  };
}

/** Windows below what the playbook asks for, a first row while the slowest set of the grid is still flat, and rows left out. */
export function windowProblems(
  { walkForward, strategy }: Pick<CandidateSpec, "walkForward" | "strategy">,
  limits: WalkForwardLimits,
): SpecProblem[] {
  const windows = windowsOf({ walkForward });
  const below = (
    [
      ["trainRows", "minTrainRows"],
      ["purgeRows", "minPurgeRows"],
      ["testRows", "minTestRows"],
    ] as const
  ).flatMap(([key, limit]): SpecProblem[] => {
    if (windows[key] >= limits[limit]) return [];
    const rule = `at least ${limits[limit]}: the playbook's limits.walkForward.${limit}`;
    return [{ path: ["walkForward", key], value: windows[key], rule }];
  });
  const warmUpRows = longestWarmUp(strategy);
  const first = walkForward?.firstRow;
  if (first === undefined || first >= warmUpRows)
    return [...below, ...untestedProblems({ chosen: walkForward, warmUpRows, limits })];
  const rule = `at least ${warmUpRows}: before, the slowest set of strategy.grid holds nothing`;
  return [...below, { path: ["walkForward", "firstRow"], value: first, rule }];
}

/** Windows that leave out more than the usual ones do: a candidate would choose the years that its gates look at. */
function untestedProblems(of: {
  readonly chosen: CandidateSpec["walkForward"];
  readonly warmUpRows: number;
  readonly limits: WalkForwardLimits;
}): SpecProblem[] {
  const { chosen, warmUpRows, limits } = of;
  if (!chosen) return [];
  const own = windowsOf({ walkForward: chosen });
  const latest = latestWindows(limits, warmUpRows);
  const rows = Math.max(own.firstRow, warmUpRows) + own.trainRows + own.purgeRows;
  const problems: SpecProblem[] = [];
  if (rows > latest.firstTestRow) {
    const rule = `firstRow, trainRows and purgeRows at most ${latest.firstTestRow} rows together, as with the usual windows, here they are ${rows}: no candidate chooses the years that its gates look at`;
    problems.push({ path: ["walkForward"], value: chosen, rule });
  }
  if (own.testRows > latest.testRows) {
    const rule = `at most ${latest.testRows}: what makes no whole fold at the end isn't tested`;
    problems.push({ path: ["walkForward", "testRows"], value: own.testRows, rule });
  }
  return problems;
}

/**
 * The latest row on which tests may begin, and the most test rows of a fold: with the usual windows, as far as the playbook doesn't
 * ask for longer ones.
 */
export function latestWindows(
  limits: WalkForwardLimits,
  warmUpRows: number,
): { readonly firstTestRow: number; readonly testRows: number } {
  const { firstRow, trainRows, purgeRows, testRows } = windowsOf({});
  const learnt =
    Math.max(trainRows, limits.minTrainRows) + Math.max(purgeRows, limits.minPurgeRows);
  return {
    firstTestRow: Math.max(firstRow, warmUpRows) + learnt,
    testRows: Math.max(testRows, limits.minTestRows),
  };
}
