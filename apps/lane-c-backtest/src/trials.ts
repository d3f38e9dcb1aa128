/**
 * One pass over the declared trials, one parameter set in memory at a time: what each one would have earned on every
 * stretch of rows that something is chosen on or judged by.
 */
import type { Parameters } from "@baton/artifacts";
import { LABEL_ROWS } from "@baton/contracts";
import {
  backtest,
  closesOf,
  horizonLabels,
  netReturns,
  type PurgedFold,
  purgedKFold,
  type Series,
  sharpePerRow,
  sharpeRatio,
  type StrategyPlugin,
  type WalkForwardWindows,
  windowsOver,
} from "@baton/quant";

import type { ResearchBars } from "./backtest-input.ts";
import { combined, type Component } from "./combination.ts";

/** Folds, rows that a label looks ahead, and rows left out after each test fold of the purged k-fold. */
export const CROSS_VALIDATION = { folds: 5, labelRows: LABEL_ROWS, embargoRows: 5 } as const;

/** One instrument and the rows that its trials are judged on. */
export interface TrialRows extends ResearchBars {
  readonly folds: readonly PurgedFold[];
  /** The joined test rows of the walk-forward. */
  readonly test: { readonly from: number; readonly to: number };
  /** The last train window, as long as any other, before the purge and the held-back rows. */
  readonly last: { readonly from: number; readonly to: number };
}

/** Sharpe ratios of one trial on one instrument, per year; null where they have no value. */
interface TrialOnInstrument {
  readonly foldTrain: readonly (number | null)[];
  readonly foldTest: readonly (number | null)[];
  readonly lastTrain: number | null;
}

/** One trial: on each instrument, and over the portfolio's test rows (per row, not per year). */
export interface TrialResult {
  readonly instruments: readonly TrialOnInstrument[];
  readonly portfolioSharpePerRow: number | null;
}

/** Cuts an instrument's rows. Throws a QuantError if not even one fold of the walk-forward fits. */
export function trialRows(
  { instrument, bars }: ResearchBars,
  windows: WalkForwardWindows,
): TrialRows {
  const { spans } = windowsOver(bars.length, windows);
  const { folds, labelRows, embargoRows } = CROSS_VALIDATION;
  const labels = horizonLabels(bars.length, labelRows);
  const end = bars.length - windows.purgeRows;
  return {
    instrument,
    bars,
    folds: purgedKFold({ labels, folds, embargoRows }),
    test: { from: spans[0]?.test.from ?? 0, to: spans.at(-1)?.test.to ?? 0 },
    last: { from: end - windows.trainRows, to: end },
  };
}

/** Hears the targets that the library gives for a parameter set on an instrument. */
export type HearTargets = (targets: readonly number[]) => void;

/** Runs one parameter set over every instrument; `hear` is told the targets, instrument by instrument. */
export function runTrial(input: {
  readonly plugin: StrategyPlugin;
  readonly parameters: Parameters;
  readonly rows: readonly TrialRows[];
  readonly costBps: number;
  readonly barsPerYear: number;
  readonly hear: HearTargets;
}): TrialResult {
  const { plugin, parameters, rows, costBps: bps, barsPerYear, hear } = input;
  const strategy = plugin.bind(parameters);
  const components: Component[] = [];
  const instruments = rows.map(({ bars, folds, test, last }) => {
    const [targets = []] = strategy.targets([bars]);
    hear(targets);
    const { from, to } = test;
    components.push({ bars: bars.slice(from - 1, to), targets: targets.slice(from - 1, to) });
    const net = netReturns(targets, closesOf(bars), bps);
    return {
      foldTrain: folds.map(({ train }) => sharpeRatio(onRows(net, train), barsPerYear)),
      foldTest: folds.map((fold) => sharpeRatio(inRange(net, fold.test), barsPerYear)),
      lastTrain: sharpeRatio(inRange(net, last), barsPerYear),
    };
  });
  const { holdings } = backtest({ ...combined(components), bps, barsPerYear });
  return { instruments, portfolioSharpePerRow: sharpePerRow(holdings.net) };
}

/** Index of the largest ratio, the first of a tie; one without value counts as 0, as what earned nothing. */
export function largest(ratios: readonly (number | null)[]): number {
  const values = ratios.map((ratio) => ratio ?? 0);
  return values.indexOf(Math.max(...values));
}

/** Net returns start at row 1: row 0 has none. */
const inRange = (net: Series, { from, to }: { readonly from: number; readonly to: number }) =>
  net.slice(Math.max(0, from - 1), to - 1);

const onRows = (net: Series, rows: readonly number[]) =>
  rows.flatMap((row) => (row === 0 ? [] : [net[row - 1] ?? 0]));
