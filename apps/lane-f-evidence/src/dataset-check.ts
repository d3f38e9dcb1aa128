import type { CandidateSpec, ContinuousMonitoring, DatasetManifest } from "@baton/artifacts";
import type { StageContext } from "@baton/lanekit";
import { asDataFailure, candidateMarket, DataFailure, type MarketData } from "@baton/market";

/** One instrument's data: the digest that was declared and the one that is found now; null if it can't be read any more. */
export type FoundData = ContinuousMonitoring["data"][number];

/**
 * Reads every data set again and compares its digest with the declared one. Throws a DataFailure only if trying again may
 * help: data that is gone or damaged is a finding.
 */
export async function findData(
  context: StageContext,
  spec: CandidateSpec,
  declared: DatasetManifest,
): Promise<FoundData[]> {
  const market = await candidateMarket({ universe: spec.universe, store: context });
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
    const failure = asDataFailure(error);
    if (failure instanceof DataFailure && failure.class !== "transient") return null;
    throw failure;
  }
}
