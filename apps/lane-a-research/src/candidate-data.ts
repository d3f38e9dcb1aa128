/** Loads a candidate's prices, describes them, and cuts off the rows that research must not see. */
import type { CandidateSpec, DatasetRange, ManifestedDataset } from "@baton/contracts";
import { type StageContext, StageFailure } from "@baton/lanekit";
import {
  builtInMarketData,
  BUILT_INS,
  csvMarketData,
  type Dataset,
  type MarketData,
  MarketError,
} from "@baton/market";
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

/** Users' CSV files come out of the artifact store, everything else from the built-in data. */
async function marketFor(context: StageContext, universe: Universe): Promise<MarketData> {
  const sources = await Promise.all(
    universe.flatMap(({ instrument, csv }, index) => {
      if (csv === undefined) return [];
      const load = async () => {
        const bytes = await context.fetch(csv.sha256);
        if (bytes.length !== csv.bytes) {
          const path = ["universe", index, "csv", "bytes"];
          const rule = `the stored file has ${bytes.length} bytes`;
          throw specFailure([{ path, value: csv.bytes, rule }]);
        }
        return [instrument, { bytes, name: `csv:${csv.sha256.slice(0, 12)}` }] as const;
      };
      return [load()];
    }),
  );
  return csvMarketData(Object.fromEntries(sources), builtInMarketData());
}

/** A market error says itself whether a retry may help; one about a user's file is about the specification. */
function asStageFailure(error: unknown): unknown {
  if (!(error instanceof MarketError)) return error;
  const failure = { message: error.message, class: error.class };
  if (error.class === "spec")
    return new StageFailure(
      { ...failure, code: "E_DATA", action: "Correct the file or the name, then submit again." },
      { cause: error },
    );
  const [code, action] =
    error.class === "transient"
      ? ["E_DATA_UNAVAILABLE", "Check that the data source answers."]
      : ["E_DATA", "Install the service's packages again (`npm ci`), then resume."];
  return new StageFailure({ ...failure, code, action }, { cause: error });
}

/** All data sets in the order of the universe. */
export async function loadCandidateData(
  context: StageContext,
  universe: Universe,
): Promise<readonly Dataset[]> {
  try {
    const market = await marketFor(context, universe);
    const loads = universe.map(({ instrument }) => market.load(instrument, context.signal));
    return await Promise.all(loads);
  } catch (error) {
    throw asStageFailure(error);
  }
}

/** Refuses data that is too short for the warm-up, one fold of the walk-forward and the holdout. */
export function requireEnoughRows(
  spec: CandidateSpec,
  datasets: readonly Dataset[],
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

function rangeOf(bars: Dataset["bars"], from: number, to: number): DatasetRange {
  return { rows: to - from, start: bars[from]?.date ?? "", end: bars[to - 1]?.date ?? "" };
}

/** The manifest with its rows cut in two; only call it on data that {@link requireEnoughRows} has passed. */
export function manifested({ manifest, bars }: Dataset, holdoutRows: number): ManifestedDataset {
  const cut = bars.length - holdoutRows;
  return {
    ...manifest,
    research: rangeOf(bars, 0, cut),
    holdout: rangeOf(bars, cut, bars.length),
  };
}
