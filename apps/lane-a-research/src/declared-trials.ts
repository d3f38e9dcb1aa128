/** The trials of a candidate, written down before anything is computed: parameters, warm-up and features. */
import { type CandidateSpec, type DeclaredTrial, Parameters } from "@baton/artifacts";
import { strategyKind } from "@baton/quant";

import { featuresOf } from "./features.ts";

/** One trial per parameter set of the grid, in its order. Only for a strategy whose plugin takes them. */
export function declareTrials(declared: CandidateSpec["strategy"]): DeclaredTrial[] {
  const plugin = strategyKind(declared);
  return declared.grid.map((raw, index) => {
    const strategy = plugin.bind(raw);
    const parameters = Parameters.parse(strategy.parameters);
    const features = featuresOf(declared.plugin, parameters, strategy.warmUpRows);
    return { index, parameters, warmUpRows: strategy.warmUpRows, features };
  });
}
