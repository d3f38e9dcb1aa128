/** Loads a candidate's whole data, held-back rows included: from here on they may be seen, once. */
import type { ManifestedDataset } from "@baton/contracts";
import { type StageContext, StageFailure } from "@baton/lanekit";
import { builtInMarketData, csvMarketData, type Dataset, MarketError } from "@baton/market";
import type { Bar } from "@baton/quant";

import type { RolloutInputs } from "./rollout-inputs.ts";
import type { RolloutOptions } from "./rollout-options.ts";

/** One instrument's rows; the held-back ones start at `cut`. */
export interface HeldBackData {
  readonly instrument: string;
  readonly sha256: string;
  readonly bars: readonly Bar[];
  readonly cut: number;
}

function asStageFailure(error: unknown): never {
  if (!(error instanceof MarketError)) throw error;
  const transient = error.class === "transient";
  throw new StageFailure(
    {
      class: transient ? "transient" : "deterministic",
      code: transient ? "E_DATA_UNAVAILABLE" : "E_DATA_CHANGED",
      message: error.message,
      action: error.next,
    },
    { cause: error },
  );
}

function requireUnchanged({ manifest, bars }: Dataset, declared: ManifestedDataset): HeldBackData {
  const { instrument, sha256, research, holdout } = declared;
  const rows = research.rows + holdout.rows;
  if (manifest.sha256 === sha256 && bars.length === rows)
    return { instrument, sha256, bars, cut: research.rows };
  throw new StageFailure({
    class: "deterministic",
    code: "E_DATA_CHANGED",
    message: `${instrument}: the data is ${bars.length} rows with SHA-256 ${manifest.sha256}; declared were ${rows} rows with ${sha256}`,
    action: "Restore the data that the manifest names, or resume from research-intake.",
  });
}

/**
 * Every instrument of the candidate, in the manifest's order. Throws a StageFailure: E_DATA_CHANGED (deterministic) if
 * the prices aren't those that were declared, E_DATA_UNAVAILABLE (transient) if they can't be had now.
 */
export async function loadHeldBackData(
  context: StageContext,
  { research, manifest }: RolloutInputs,
  { openMarket = builtInMarketData }: Pick<RolloutOptions, "openMarket">,
): Promise<readonly HeldBackData[]> {
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
  const market = csvMarketData(Object.fromEntries(sources.flat()), openMarket());
  return Promise.all(
    manifest.datasets.map(async (declared) => {
      const dataset = await market
        .load(declared.instrument, context.signal)
        .catch((error: unknown) => asStageFailure(error));
      return requireUnchanged(dataset, declared);
    }),
  );
}
