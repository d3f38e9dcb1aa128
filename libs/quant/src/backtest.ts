import { type Panel, requirePanel } from "./bar.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { delayedWeights, type Holdings, panelReturns, settle, type Targets } from "./holdings.ts";

/** What a strategy held, earned and paid, and the figures of it. */
export type Backtest = { readonly holdings: Holdings; readonly figures: Figures };

/**
 * Holds the targets with the one-bar delay and pays `bps` basis points of every change of weight.
 * Throws E_INVALID on a bad panel, or targets that don't match it row by row.
 */
export function backtest(input: {
  readonly panel: Panel;
  readonly targets: Targets;
  readonly bps: number;
  /** Rows that a year has, see {@link barsPerYear}. */
  readonly barsPerYear: number;
}): Backtest {
  const { panel, targets, bps, barsPerYear } = input;
  requirePanel(panel);
  const weights = targets.map((series) => delayedWeights(series));
  const holdings = settle({ weights, returns: panelReturns(panel), bps });
  return { holdings, figures: figuresOf(holdings, barsPerYear) };
}
