/** Several instruments as one portfolio: equal shares of the equity, on the dates that all of them have. */
import type { Bar, Panel, Targets } from "@baton/quant";

/** One instrument's rows and the target known at the close of each of them. */
export interface Component {
  readonly bars: readonly Bar[];
  readonly targets: readonly number[];
}

/** A panel of all components, with the targets scaled by their share. */
export interface Combination {
  readonly panel: Panel;
  readonly targets: Targets;
}

/** Joins components into one portfolio; targets that are missing at a component's end count as 0. */
export function combined(components: readonly Component[]): Combination {
  const share = 1 / components.length;
  return {
    panel: components.map(({ bars }) => bars),
    targets: components.map(({ bars, targets }) =>
      bars.map((_, row) => (targets[row] ?? 0) * share),
    ),
  };
}
