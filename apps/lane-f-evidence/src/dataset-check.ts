import {
  type CandidateSpec,
  type ContinuousMonitoring,
  type DatasetManifest,
} from "@baton/contracts";
import type { StageContext } from "@baton/lanekit";
import { builtInMarketData, csvMarketData, type MarketData, MarketError } from "@baton/market";

/** One instrument's data: the digest that was declared and the one that is found now; null if it can't be read any more. */
export type FoundData = ContinuousMonitoring["data"][number];

/**
 * Reads every data set again and compares its digest with the declared one. Throws a MarketError only if trying again may
 * help: data that is gone or damaged is a finding.
 */
export async function findData(
  context: StageContext,
  spec: CandidateSpec,
  declared: DatasetManifest,
): Promise<FoundData[]> {
  const market = await marketOf(context, spec);
  return Promise.all(
    declared.datasets.map(async ({ instrument, sha256 }) => {
      const found = await digestNow(market, instrument, context.signal);
      return { instrument, declared: sha256, found };
    }),
  );
}

async function digestNow(
  market: MarketData,
  instrument: string,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    return (await market.load(instrument, signal)).manifest.sha256;
  } catch (error) {
    if (error instanceof MarketError && error.class !== "transient") return null;
    throw error;
  }
}

async function marketOf(context: StageContext, { universe }: CandidateSpec): Promise<MarketData> {
  const sources = await Promise.all(
    universe.flatMap(({ instrument, csv }) =>
      csv === undefined
        ? []
        : [
            context
              .fetch(csv.sha256)
              .then((bytes) => [instrument, { bytes, name: `csv:${csv.sha256.slice(0, 12)}` }]),
          ],
    ),
  );
  return csvMarketData(Object.fromEntries(sources), builtInMarketData());
}
