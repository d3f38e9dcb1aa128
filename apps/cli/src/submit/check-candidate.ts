/**
 * Everything about a specification that can be known without a server, by the same functions as the lane uses: so that what is
 * wrong is said at once, all of it, and not one thing per run. Only injected faults (drills) are the lane's to decide.
 */
import {
  type CandidateSpec,
  CsvFormat,
  CsvTreatment,
  type DescribedDataset,
  InstrumentName,
} from "@baton/artifacts";
import type { SpecDocument, WalkForwardLimits } from "@baton/contracts";
import {
  asDataFailure,
  type CandidateData,
  csvMarketData,
  DataFailure,
  jsonPath,
  loadCandidateData,
  MarketError,
  readCandidate,
  rowProblems,
  rowsNeeded,
  shownValue,
  type SpecProblem,
} from "@baton/market";
import type { Fault } from "@baton/text/user-error";
import { z } from "zod";

import type { OwnFile, PreparedSpec } from "./own-data.ts";

/** What a specification that fits would be. */
export interface CandidateCheck {
  readonly name: string;
  readonly trials: number;
  readonly instruments: readonly string[];
  /** Rows on the dates that all instruments have, and how many are needed; undefined: a stored file wasn't looked at. */
  readonly rows: number | undefined;
  readonly rowsNeeded: number;
  readonly barsPerYear: number | undefined;
  /** Which prices of each instrument count, and what of its file doesn't. */
  readonly data: readonly CheckedData[] | undefined;
}

/** What is read of one instrument's file. */
export interface CheckedData {
  readonly instrument: string;
  readonly prices: DescribedDataset["prices"];
  readonly ignoredColumns: readonly string[];
}

/** What came of looking: exactly one of the two. */
export type Checked =
  | { readonly check: CandidateCheck; readonly faults?: undefined }
  | { readonly faults: readonly Fault[] };

/**
 * Looks at everything and names every fault: of the specification by JSON path, of a CSV the first twenty by line. `limits`:
 * what the playbook asks of a walk-forward.
 */
export async function checkCandidate(
  { spec, files, faults }: PreparedSpec,
  limits: WalkForwardLimits,
): Promise<Checked> {
  const read = readCandidate(spec, limits);
  const found = [...faults, ...(read.problems ?? []).map(asFault)];
  for (const { index, ...file } of files)
    if (index !== undefined) found.push(...(await faultsInFile({ ...file, index }, spec)));
  if (read.problems || found.length > 0) return { faults: found };
  const data = await dataOf(read.spec, files);
  if (data.faults) return { faults: data.faults };
  const problems = data.loaded ? rowProblems(read.spec, data.loaded, limits) : [];
  if (problems.length > 0) return { faults: problems.map(asFault) };
  const { name, strategy, universe } = read.spec;
  return {
    check: {
      name,
      trials: strategy.grid.length,
      instruments: universe.map(({ instrument }) => instrument),
      rows: data.loaded?.datasets[0]?.bars.length,
      rowsNeeded: rowsNeeded(read.spec, limits).rows,
      barsPerYear: data.loaded?.barsPerYear,
      data: data.loaded?.datasets.map(({ manifest, ignoredColumns }) => ({
        instrument: manifest.instrument,
        prices: manifest.prices,
        ignoredColumns,
      })),
    },
  };
}

const LOADS_WITHIN_MS = 60_000;
const within = () => AbortSignal.timeout(LOADS_WITHIN_MS);

const Said = z.object({ instrument: InstrumentName.catch("MINE"), csv: z.unknown() });

/** One file by itself, also where something else is wrong with the specification. */
async function faultsInFile(
  file: OwnFile & { readonly index: number },
  spec: SpecDocument,
): Promise<Fault[]> {
  const of: unknown = Array.isArray(spec["universe"]) ? spec["universe"][file.index] : undefined;
  const { instrument, csv } = Said.parse(of);
  // Where the rest of what is said is wrong, its format still tells how the file is to be read; without one nothing does.
  const treatment =
    CsvTreatment.strip().safeParse(csv).data ?? CsvFormat.strip().safeParse(csv).data;
  if (treatment === undefined) return [];
  const source = { bytes: file.bytes, name: file.path, ...treatment };
  try {
    await csvMarketData({ [instrument]: source }).load(instrument, within());
    return [];
  } catch (error) {
    return faultsOf(error);
  }
}

/** All data as the lane will have it; not loaded if a file is named by digest only, as that is with the server. */
async function dataOf(
  { universe }: CandidateSpec,
  files: readonly OwnFile[],
): Promise<{ readonly loaded?: CandidateData | undefined; readonly faults?: readonly Fault[] }> {
  const own = new Map(files.map(({ sha256, bytes }) => [sha256, bytes]));
  if (universe.some(({ csv }) => csv !== undefined && !own.has(csv.sha256))) return {};
  const fetch = (sha256: string) => Promise.resolve(own.get(sha256) ?? new Uint8Array());
  try {
    return { loaded: await loadCandidateData({ universe, store: { fetch, signal: within() } }) };
  } catch (error) {
    return { faults: faultsOf(error) };
  }
}

/** What is wrong with data; an error that isn't about the user's data is thrown on. */
function faultsOf(error: unknown): Fault[] {
  const failure = asDataFailure(error);
  if (!(failure instanceof DataFailure) || failure.class !== "spec") throw error;
  const cause = failure.cause;
  if (!(cause instanceof MarketError))
    return [{ where: "universe", rule: failure.message, action: failure.action }];
  return [cause, ...cause.others].map(({ where, shownValue: value, rule, action }) => ({
    where,
    value,
    rule,
    action,
  }));
}

function asFault({ path, value, rule }: SpecProblem): Fault {
  return { where: jsonPath(path), value: shownValue(value), rule };
}
