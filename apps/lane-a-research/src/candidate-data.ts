/** Loads a candidate's prices, and says whether they are enough. */
import type { CandidateSpec } from "@baton/contracts";
import type { StageContext } from "@baton/lanekit";
import { BUILT_INS, type CandidateData, loadCandidateData } from "@baton/market";
import { WalkForwardWindows } from "@baton/quant";

import { type SpecProblem, specFailure } from "./spec-problems.ts";

type Universe = CandidateSpec["universe"];

/** Instruments that are named twice, or that are neither built in nor brought as CSV. */
export function instrumentProblems(universe: Universe): SpecProblem[] {
  const names = universe.map(({ instrument }) => instrument);
  return universe.flatMap(({ instrument, csv }, index): SpecProblem[] => {
    const path = ["universe", index, "instrument"];
    if (names.indexOf(instrument) !== index)
      return [{ path, value: instrument, rule: "each instrument only once" }];
    if (csv !== undefined || Object.hasOwn(BUILT_INS, instrument)) return [];
    const rule = `neither built in (${Object.keys(BUILT_INS).join(", ")}) nor given as csv`;
    return [{ path, value: instrument, rule }];
  });
}

/** All data sets in the order of the universe, on shared dates. Throws a DataFailure. */
export function loadData(store: StageContext, universe: Universe): Promise<CandidateData> {
  return loadCandidateData({ universe, store });
}

/** Refuses data that is too short for the warm-up, one fold of the walk-forward and the holdout. */
export function requireEnoughRows(
  spec: CandidateSpec,
  { datasets }: CandidateData,
  warmUpRows: number,
): void {
  const { firstRow, trainRows, purgeRows, embargoRows, testRows } = WalkForwardWindows.parse({});
  const fold = trainRows + purgeRows + embargoRows + testRows;
  const start = Math.max(firstRow, warmUpRows);
  const needed = start + fold + spec.holdoutRows;
  const problems = datasets.flatMap(({ manifest }, index) => {
    if (manifest.rows >= needed) return [];
    const rule = `${needed} rows are needed (${start} before the first fold, ${fold} for it, ${spec.holdoutRows} held back), ${manifest.source} has ${manifest.rows}`;
    return [{ path: ["universe", index, "instrument"], value: manifest.instrument, rule }];
  });
  if (problems.length > 0) throw specFailure(problems);
}
