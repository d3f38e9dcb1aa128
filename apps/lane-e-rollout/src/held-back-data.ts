/** Loads a candidate's whole data, held-back rows included: from here on they may be seen, once. */
import type { StageContext } from "@baton/lanekit";
import { type DeclaredData, loadDeclaredData } from "@baton/market";

import type { RolloutInputs } from "./rollout-inputs.ts";
import type { RolloutOptions } from "./rollout-options.ts";

/** One instrument's rows; the held-back ones start at `cut`. */
export type HeldBackData = Pick<DeclaredData, "instrument" | "sha256" | "bars" | "cut">;

/**
 * Every instrument of the candidate, in the manifest's order. Throws a DataFailure: E_DATA_CHANGED (deterministic) if
 * the prices aren't those that were declared, E_DATA_UNAVAILABLE (transient) if they can't be had now.
 */
export function loadHeldBackData(
  store: StageContext,
  { research, manifest }: RolloutInputs,
  { openMarket }: Pick<RolloutOptions, "openMarket">,
): Promise<readonly HeldBackData[]> {
  const { universe } = research.spec;
  return loadDeclaredData({ universe, store, market: openMarket?.() }, manifest);
}
