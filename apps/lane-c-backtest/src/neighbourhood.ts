/**
 * Whether the chosen parameters stand on a plateau or on a narrow peak. Parameters that were fitted to one sample stand
 * alone: moved a little, they lose most of what they earned. Neighbours are never chosen from, so they are no trials.
 */
import type { Neighbourhood, Parameters } from "@baton/artifacts";
import { closesOf, netReturns, sharpeRatio, type StrategyPlugin } from "@baton/quant";
import { median } from "simple-statistics";

import type { ResearchBars } from "./backtest-input.ts";

/** Shares by which one parameter at a time is moved. */
export const NEIGHBOUR_STEPS = [-0.2, -0.1, 0.1, 0.2] as const;

/**
 * Each positive parameter moved alone by every share of {@link NEIGHBOUR_STEPS}, the others as they are; without
 * repeats. Where the plugin only takes whole numbers it is rounded, to the next one at least; what the plugin refuses
 * is left out. A parameter at 0 or below names a mode, not a size, and isn't moved.
 */
export function neighboursOf(plugin: StrategyPlugin, chosen: Parameters): Parameters[] {
  const neighbours = new Map<string, Parameters>();
  for (const [key, value] of Object.entries(chosen)) {
    if (value <= 0) continue;
    for (const step of NEIGHBOUR_STEPS) {
      const moved = [value * (1 + step), movedWhole(value, step)]
        .map((candidate) => ({ ...chosen, [key]: candidate }))
        .find((parameters) => plugin.Parameters.safeParse(parameters).success);
      if (moved !== undefined) neighbours.set(JSON.stringify(moved), moved);
    }
  }
  return [...neighbours.values()];
}

function movedWhole(value: number, step: number): number {
  const rounded = Math.round(value * (1 + step));
  return rounded === value ? value + Math.sign(step) : rounded;
}

/** Measures the neighbours of an instrument's chosen parameters over all of its research rows. */
export function neighbourhood(input: {
  readonly plugin: StrategyPlugin;
  readonly rows: ResearchBars;
  readonly chosen: Parameters;
  readonly costBps: number;
  readonly barsPerYear: number;
}): Neighbourhood {
  const { plugin, rows, chosen, costBps, barsPerYear } = input;
  const closes = closesOf(rows.bars);
  const sharpeOf = (parameters: Parameters) => {
    const [targets = []] = plugin.bind(parameters).targets([rows.bars]);
    return sharpeRatio(netReturns(targets, closes, costBps), barsPerYear);
  };
  const sharpe = sharpeOf(chosen);
  const neighbours = neighboursOf(plugin, chosen).map((parameters) => ({
    parameters,
    sharpe: sharpeOf(parameters),
  }));
  // What lost money has no peak to stand on, and a quotient of two losses would look like a gain.
  // What has no ratio has nothing to keep.
  const kept =
    sharpe === null
      ? []
      : neighbours.map((neighbour) => (sharpe > 0 ? (neighbour.sharpe ?? 0) / sharpe : 0));
  return {
    instrument: rows.instrument,
    parameters: chosen,
    sharpe,
    neighbours,
    median: kept.length === 0 ? null : median(kept),
    least: kept.length === 0 ? null : Math.min(...kept),
  };
}
