/**
 * A candidate's prices as every lane sees them: the user's files by digest, everything else built in, all on the dates
 * that they share. One way in, so that the same data is the same rows, the same figures and the same failure everywhere.
 */
import type { CandidateSpec, DatasetManifest, ManifestedDataset } from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import { type Bar, barsPerYear, usualSpacingDays } from "@baton/quant";

import { alignByDate } from "./alignment.ts";
import { builtInMarketData } from "./built-in-market-data.ts";
import { csvMarketData } from "./csv-market-data.ts";
import { asDataFailure, dataChanged, specFault } from "./data-failure.ts";
import type { Dataset, MarketData } from "./dataset.ts";

/** Where a candidate's prices are. */
export type CandidateSource = {
  readonly universe: CandidateSpec["universe"];
  /** Where users' files are by digest, verified, and until when somebody waits: a stage's context is one. */
  readonly store: { fetch(sha256: string): Promise<Uint8Array>; readonly signal: AbortSignal };
  /** Prices of instruments that the candidate doesn't bring itself; the built-in ones by default. */
  readonly market?: MarketData | undefined;
};

/** One instrument's rows and what they are; the held-back ones aren't cut off yet. */
export type CandidateDataset = {
  readonly manifest: Omit<ManifestedDataset, "research" | "holdout">;
  readonly bars: readonly Bar[];
  /** Names of columns in the file that weren't read. */
  readonly ignoredColumns: readonly string[];
};

/** All of a candidate's data, on shared dates, and how its time runs. */
export type CandidateData = Pick<DatasetManifest, "barsPerYear" | "spacingDays"> & {
  readonly datasets: readonly CandidateDataset[];
};

/** The market of a candidate: each instrument as its own file has it. Throws a DataFailure on a file of another length. */
export async function candidateMarket({
  universe,
  store,
  market = builtInMarketData(),
}: CandidateSource): Promise<MarketData> {
  const files = universe.map(async ({ instrument, csv }, index) => {
    if (csv === undefined) return [];
    const { sha256, bytes: claimed, name: called = `csv of ${instrument}`, ...treatment } = csv;
    const bytes = await store.fetch(sha256);
    if (bytes.length !== claimed)
      throw specFault(
        `universe[${index}].csv.bytes is ${claimed}: the stored file has ${bytes.length} bytes`,
      );
    const name = `csv:${sha256.slice(0, 12)}`;
    return [[instrument, { ...treatment, bytes, name, called }] as const];
  });
  return csvMarketData(Object.fromEntries((await Promise.all(files)).flat()), market);
}

/**
 * All data sets in the order of the universe, on the dates that all have. Throws a DataFailure: `spec` if the user's data
 * can't be used (or its rows are spaced so that a year has no number of bars), `transient` if it can't be had now.
 */
export async function loadCandidateData(source: CandidateSource): Promise<CandidateData> {
  try {
    const market = await candidateMarket(source);
    const { universe, store } = source;
    return onSharedDates(
      await Promise.all(universe.map((of) => market.load(of.instrument, store.signal))),
    );
  } catch (error) {
    throw asDataFailure(error);
  }
}

/** Data sets as one candidate's. Throws a MarketError without a shared date, a QuantError on spacing that changes. */
export function onSharedDates(loaded: readonly Dataset[]): CandidateData {
  const { dates, datasets, droppedRows } = alignByDate(loaded);
  return {
    barsPerYear: barsPerYear(dates),
    spacingDays: usualSpacingDays(dates),
    datasets: datasets.map(({ manifest, bars }, index) => ({
      manifest: { ...manifest, droppedRows: droppedRows[index] ?? 0 },
      bars,
      ignoredColumns: loaded[index]?.ignoredColumns ?? [],
    })),
  };
}

/** One instrument's rows as the run declared them; the held-back ones start at `cut`. */
export type DeclaredData = {
  readonly instrument: string;
  readonly sha256: string;
  readonly research: ManifestedDataset["research"];
  readonly bars: readonly Bar[];
  readonly cut: number;
};

/**
 * The data that a run declared, in the manifest's order, held-back rows included. Throws a DataFailure: E_DATA_CHANGED
 * (deterministic) if what is loaded now is described otherwise, else as {@link loadCandidateData}.
 */
export async function loadDeclaredData(
  source: CandidateSource,
  declared: DatasetManifest,
): Promise<readonly DeclaredData[]> {
  const loaded = await loadCandidateData(source);
  const names = loaded.datasets.map(({ manifest }) => manifest.instrument).join(", ");
  const said = declared.datasets.map(({ instrument }) => instrument).join(", ");
  if (names !== said)
    throw dataChanged(`the candidate has ${names}, the manifest describes ${said}`);
  if (loaded.barsPerYear !== declared.barsPerYear)
    throw dataChanged(
      `the data has ${loaded.barsPerYear} bars a year, the manifest says ${declared.barsPerYear}`,
    );
  return declared.datasets.map((described, index) =>
    asDeclared(described, loaded.datasets[index], declared.holdoutRows),
  );
}

/** The rows that research may see: those of {@link loadDeclaredData} without the held-back ones. */
export async function loadResearchData(
  source: CandidateSource,
  declared: DatasetManifest,
): Promise<readonly Omit<DeclaredData, "cut">[]> {
  const whole = await loadDeclaredData(source, declared);
  return whole.map(({ cut, bars, ...of }) => ({ ...of, bars: bars.slice(0, cut) }));
}

function asDeclared(
  described: ManifestedDataset,
  loaded: CandidateDataset | undefined,
  holdoutRows: number,
): DeclaredData {
  const { instrument, sha256, research } = described;
  const bars = loaded?.bars ?? [];
  const now = { ...loaded?.manifest, ...cutOf(bars, holdoutRows) };
  // A format may be on either side alone; whatever else is described stands in every manifest.
  const changed = Object.entries({ format: null, ...described }).filter(
    ([key, value]) => canonicalJson(value ?? null) !== canonicalJson(Reflect.get(now, key) ?? null),
  );
  // Other bytes are the cause of whatever else differs.
  const first = changed.find(([key]) => key === "sha256") ?? changed[0];
  if (first === undefined) return { instrument, sha256, research, bars, cut: research.rows };
  const [key, value] = first;
  const seen: unknown = Reflect.get(now, key) ?? null;
  throw dataChanged(
    `${instrument}: ${key} is ${shown(seen)}, the manifest says ${shown(value)}; what is worked out on other data than was declared proves nothing`,
  );
}

const SHOWN_CHARACTERS = 120;
const shown = (value: unknown) => canonicalJson(value).slice(0, SHOWN_CHARACTERS);

/** The part of `research/dataset-manifest.json` that follows from the data and the number of rows held back. */
export function manifestOf(
  { datasets, barsPerYear: bars, spacingDays }: CandidateData,
  holdoutRows: number,
): Pick<DatasetManifest, "barsPerYear" | "spacingDays" | "datasets" | "holdoutRows"> {
  return {
    barsPerYear: bars,
    spacingDays,
    datasets: datasets.map((of) => ({ ...of.manifest, ...cutOf(of.bars, holdoutRows) })),
    holdoutRows,
  };
}

/** The rows for research and the ones held back, by number and dates. */
function cutOf(
  bars: readonly Bar[],
  holdoutRows: number,
): Pick<ManifestedDataset, "research" | "holdout"> {
  const cut = Math.max(0, bars.length - holdoutRows);
  const range = (from: number, to: number) => ({
    rows: to - from,
    start: bars[from]?.date ?? "",
    end: bars[to - 1]?.date ?? "",
  });
  return { research: range(0, cut), holdout: range(cut, bars.length) };
}
