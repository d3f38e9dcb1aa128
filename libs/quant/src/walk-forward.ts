import { z } from "zod";

import { type Panel, requirePanel, rowsOf } from "./bar.ts";
import { Figures, figuresOf, sharpeRatio } from "./figures.ts";
import { delayedWeights, type Holdings, panelReturns, settle, type Targets } from "./holdings.ts";
import { requireWithin } from "./limits.ts";
import { sharpePerRow } from "./moments.ts";
import type { Strategy, StrategyPlugin } from "./plugin.ts";
import { requireThat } from "./quant-error.ts";
import type { Series } from "./series.ts";
import { RowRange, type WalkForwardWindows, windowsOver } from "./walk-forward-windows.ts";

/**
 * One fold: the train Sharpe ratio (per year) of every parameter set in grid order, the index of the chosen
 * one (the largest, the first of a tie, one without value counted as 0), and the figures of its test rows, entry from the previous fold paid.
 */
export const WalkForwardFold = z.strictObject({
  fold: z.int().nonnegative(),
  train: RowRange,
  test: RowRange,
  testStart: z.iso.date(),
  testEnd: z.iso.date(),
  trainSharpes: z.array(z.number().nullable()),
  chosen: z.int().nonnegative(),
  parameters: z.unknown(),
  figures: Figures,
});
export type WalkForwardFold = z.infer<typeof WalkForwardFold>;

/** One parameter set of the grid over all rows; `sharpePerRow` (not per year) is what a deflated Sharpe ratio wants. */
export const Trial = z.strictObject({
  parameters: z.unknown(),
  sharpePerRow: z.number().nullable(),
});
export type Trial = z.infer<typeof Trial>;

/**
 * All folds and, joined end to end, what their tests held and earned. `testPanel` and `testTargets` are the
 * joined test rows, with one row before them that only carries the first target, ready for a stress suite.
 */
export type WalkForward = {
  readonly plugin: string;
  readonly bps: number;
  readonly windows: WalkForwardWindows;
  readonly folds: readonly WalkForwardFold[];
  readonly trials: readonly Trial[];
  readonly figures: Figures;
  readonly holdings: Holdings;
  readonly testPanel: Panel;
  readonly testTargets: Targets;
};

/** What to walk through: `grid` in the order in which ties are broken, `bps` 5 unless said. */
export type WalkForwardInput = {
  readonly panel: Panel;
  readonly plugin: StrategyPlugin;
  readonly grid: readonly unknown[];
  readonly bps?: number;
  readonly barsPerYear: number;
  readonly windows?: z.input<typeof WalkForwardWindows>;
};

/**
 * Walk-forward evaluation: chooses parameters on each train window alone and tests them on the rows after
 * the gap. Throws E_INVALID where no fold fits the data or a parameter is refused, E_LIMIT past the limits.
 */
export function walkForward(input: WalkForwardInput): WalkForward {
  const { panel, plugin, grid, barsPerYear, bps = 5 } = input;
  requirePanel(panel);
  requireGrid(grid, panel);
  const { windows, spans } = windowsOver(rowsOf(panel), input.windows);
  const trained = grid.length * spans.length * windows.trainRows * panel.length;
  requireWithin("trainWork", trained, "grid x folds x trainRows");
  const strategies = grid.map((parameters) => plugin.bind(parameters));
  const returns = panelReturns(panel);
  // One parameter set in memory at a time: a grid of 1,000 would not fit otherwise.
  const tried = strategies.map((strategy) => {
    const { net } = settle({ weights: weightsOf(strategy, panel), returns, bps });
    const trainSharpes = spans.map(({ train }) => sharpeRatio(inRows(net, train), barsPerYear));
    return { trainSharpes, sharpePerRow: sharpePerRow(net) };
  });
  const chosen = spans.map((_, fold) =>
    largest(tried.map((trial) => trial.trainSharpes[fold] ?? 0)),
  );
  const all = { from: spans[0]?.test.from ?? 0, to: spans.at(-1)?.test.to ?? 0 };
  const weights = joined(chosen, strategies, { panel, tests: spans.map(({ test }) => test) });
  const holdings = settle({ weights, returns: returns.map((series) => inRows(series, all)), bps });
  const folds = spans.map((span, fold) => ({
    fold,
    ...span,
    testStart: dateAt(panel, span.test.from),
    testEnd: dateAt(panel, span.test.to - 1),
    trainSharpes: tried.map((trial) => trial.trainSharpes[fold] ?? null),
    chosen: chosen[fold] ?? 0,
    parameters: strategies[chosen[fold] ?? 0]?.parameters,
    figures: figuresOf(
      part(holdings, fold * windows.testRows, (fold + 1) * windows.testRows),
      barsPerYear,
    ),
  }));
  return {
    plugin: plugin.name,
    bps,
    windows,
    folds,
    trials: strategies.map(({ parameters }, k) => ({
      parameters,
      sharpePerRow: tried[k]?.sharpePerRow ?? null,
    })),
    figures: figuresOf(holdings, barsPerYear),
    holdings,
    testPanel: panel.map((bars) => bars.slice(all.from - 1, all.to)),
    // A target becomes a weight one row later; the last one is never held.
    testTargets: weights.map((series) => [...series, series.at(-1) ?? 0]),
  };
}

function requireGrid(grid: readonly unknown[], panel: Panel): void {
  requireThat(grid.length > 0, {
    where: "grid",
    value: grid,
    rule: "at least one parameter set",
    action: "declare the trials",
  });
  requireWithin("grid", grid.length, "grid.length");
  requireWithin("gridWork", grid.length * rowsOf(panel) * panel.length, "grid x rows");
}

const weightsOf = (strategy: Strategy, panel: Panel) =>
  strategy.targets(panel).map((series) => delayedWeights(series));

/** The part of a series of returns or weights (which starts at row 1) that belongs to those rows. */
const inRows = (series: Series, { from, to }: RowRange) => series.slice(from - 1, to - 1);

/** The weights of each fold's chosen strategy in its test rows, fold after fold, by instrument. */
function joined(
  chosen: readonly number[],
  strategies: readonly Strategy[],
  { panel, tests }: { readonly panel: Panel; readonly tests: readonly RowRange[] },
): number[][] {
  const held = new Map(
    [...new Set(chosen)].map((k) => {
      const strategy = strategies[k];
      return [k, strategy ? weightsOf(strategy, panel) : []];
    }),
  );
  return panel.map((_, instrument) =>
    chosen.flatMap((k, fold) => {
      const test = tests[fold];
      return test ? inRows(held.get(k)?.[instrument] ?? [], test) : [];
    }),
  );
}

function part({ net, traded, cost }: Holdings, from: number, to: number) {
  return {
    net: net.slice(from, to),
    traded: traded.slice(from, to),
    cost: cost.slice(from, to),
  };
}

/** Index of the largest value, the first of a tie. */
const largest = (values: Series) => values.indexOf(Math.max(...values));

const dateAt = (panel: Panel, row: number) => panel[0]?.[row]?.date ?? "";
