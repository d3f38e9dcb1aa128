/** Loads the prices that the manifest names and gives back only the rows that research may see. */
import { canonicalJson, cut, type ManifestedDataset } from "@baton/contracts";
import { type StageContext, StageFailure } from "@baton/lanekit";
import {
  builtInMarketData,
  csvMarketData,
  type Dataset,
  type MarketData,
  MarketError,
} from "@baton/market";

import type { ResearchBars } from "./backtest-input.ts";
import type { ResearchInputs } from "./research-inputs.ts";

/** Where prices come from when the candidate doesn't bring them itself. */
export type OpenMarket = () => MarketData;

/**
 * The research rows of every instrument. Throws a StageFailure: E_DATA_CHANGED (deterministic) if the prices aren't
 * those of the manifest, E_DATA_UNAVAILABLE (transient) if they can't be had now.
 */
export async function loadResearchBars(
  context: StageContext,
  { research, manifest }: ResearchInputs,
  open: OpenMarket = builtInMarketData,
): Promise<ResearchBars[]> {
  const sources = await Promise.all(
    research.spec.universe.map(async ({ instrument, csv }) =>
      csv === undefined
        ? []
        : [
            [
              instrument,
              {
                bytes: await context.fetch(csv.sha256),
                name: `csv:${csv.sha256.slice(0, 12)}`,
              },
            ] as const,
          ],
    ),
  );
  const market = csvMarketData(Object.fromEntries(sources.flat()), open());
  return Promise.all(
    manifest.datasets.map(async (dataset) => {
      const { instrument } = dataset;
      const loaded = await market.load(instrument, context.signal).catch(asStageFailure);
      requireUnchanged(loaded, dataset);
      return { instrument, bars: loaded.bars.slice(0, dataset.research.rows) };
    }),
  );
}

function requireUnchanged({ manifest, bars }: Dataset, expected: ManifestedDataset): void {
  const { instrument, research, holdout } = expected;
  const end = bars[research.rows - 1]?.date;
  const differs =
    manifest.sha256 !== expected.sha256
      ? `SHA-256 ${manifest.sha256}, not ${expected.sha256}`
      : bars.length !== research.rows + holdout.rows
        ? `${bars.length} rows, not ${research.rows} and ${holdout.rows} held back`
        : end !== research.end
          ? `row ${research.rows} on ${end ?? "no date"}, not on ${research.end}`
          : described(manifest, expected);
  if (differs === null) return;
  throw new StageFailure({
    class: "deterministic",
    code: "E_DATA_CHANGED",
    message: `${instrument}: the data has ${differs}; a backtest on other data than was declared proves nothing`,
    action: "Restore the data that the manifest names, or resume from research-intake.",
  });
}

/** Gates judge by what lane A says about the data; nobody but who has the data can tell whether it's so. */
function described(manifest: Dataset["manifest"], expected: ManifestedDataset): string | null {
  const said = new Map(Object.entries(expected));
  const other = Object.entries(manifest).find(
    ([key, value]) => canonicalJson(value) !== canonicalJson(said.get(key) ?? null),
  );
  if (other === undefined) return null;
  return `${other[0]} ${cut(canonicalJson(other[1]), 80)}, not ${cut(canonicalJson(said.get(other[0]) ?? null), 80)}`;
}

function asStageFailure(error: unknown): never {
  if (!(error instanceof MarketError)) throw error;
  const transient = error.class === "transient";
  throw new StageFailure(
    {
      // Lane A has read the same prices before, so a fault in them is a change, not the candidate's.
      class: transient ? "transient" : "deterministic",
      code: transient ? "E_DATA_UNAVAILABLE" : "E_DATA_CHANGED",
      message: error.message,
      action: error.next,
    },
    { cause: error },
  );
}
