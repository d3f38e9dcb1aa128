/** The trials of a candidate, written down before anything is computed: parameters, warm-up and features. */
import { type CandidateSpec, type DeclaredTrial, Parameters } from "@baton/artifacts";
import { findPlugin } from "@baton/quant";

import { featuresOf } from "./features.ts";

/** One trial per parameter set of the grid, in its order. Only for a strategy whose plugin takes them. */
export function declareTrials({ plugin: name, grid }: CandidateSpec["strategy"]): DeclaredTrial[] {
  const plugin = findPlugin(name);
  return grid.map((raw, index) => {
    const strategy = plugin.bind(raw);
    const parameters = Parameters.parse(strategy.parameters);
    const features = featuresOf(name, parameters, strategy.warmUpRows);
    return { index, parameters, warmUpRows: strategy.warmUpRows, features };
  });
}
