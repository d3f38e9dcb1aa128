/** The instruments as one portfolio over the held-back rows, in equal shares as in the backtest; their dates are the same. */
import type { Panel, Targets } from "@baton/quant";

import type { InstrumentSignals } from "./strategy-signals.ts";

/** Bars and scaled targets over all held-back dates, the last research row in front. */
export interface HeldBackPortfolio {
  readonly panel: Panel;
  readonly targets: Targets;
}

/** Joins the instruments over their held-back rows. */
export function heldBackPortfolio(signals: readonly InstrumentSignals[]): HeldBackPortfolio {
  return {
    // The target of the last research row is what the first held-back row is held at.
    panel: signals.map(({ bars, cut }) => bars.slice(cut - 1)),
    targets: signals.map(({ bars, targets, cut }) =>
      bars.slice(cut - 1).map((_, row) => (targets[cut - 1 + row] ?? 0) / signals.length),
    ),
  };
}
