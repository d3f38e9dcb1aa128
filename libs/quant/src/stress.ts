import { z } from "zod";

import { type Panel, requirePanel } from "./bar.ts";
import { Figures, figuresOf } from "./figures.ts";
import { delayedWeights, panelReturns, settle, type Targets } from "./holdings.ts";
import { type Series, valueAt } from "./series.ts";

/** What a stress case makes worse; `base` is the strategy as it is, to compare with. */
export const StressKind = z.enum([
  "base",
  "costs",
  "delay",
  "volatility",
  "liquidity",
  "rejections",
]);
export type StressKind = z.infer<typeof StressKind>;

/**
 * One case and the figures under it. `size` is the factor for costs and volatility, rows for delay and
 * rejections, the largest change of weight per row for liquidity, and 1 for base.
 */
export const StressCase = z.strictObject({
  kind: StressKind,
  size: z.number().positive(),
  figures: Figures,
});
export type StressCase = z.infer<typeof StressCase>;

/** The cases of a suite, in the order of its results. */
export const STRESSES: readonly Omit<StressCase, "figures">[] = [
  { kind: "base", size: 1 },
  { kind: "costs", size: 2 },
  { kind: "costs", size: 3 },
  { kind: "delay", size: 1 },
  { kind: "delay", size: 2 },
  { kind: "delay", size: 5 },
  { kind: "volatility", size: 1.5 },
  { kind: "liquidity", size: 0.25 },
  { kind: "rejections", size: 3 },
];

/**
 * Runs the given targets through every case of {@link STRESSES}. Signals are never recomputed: only how they
 * are filled, paid and earned changes. Throws E_INVALID on a bad panel or targets that don't match it.
 */
export function stressSuite(input: {
  readonly panel: Panel;
  readonly targets: Targets;
  readonly bps: number;
  readonly barsPerYear: number;
}): StressCase[] {
  const { panel, targets, bps, barsPerYear } = input;
  requirePanel(panel);
  const returns = panelReturns(panel);
  return STRESSES.map((stress) => {
    const weights = targets.map((series) => stressedWeights(series, stress));
    const factor = stress.kind === "volatility" ? stress.size : 1;
    const holdings = settle({
      weights,
      returns: returns.map((series) => series.map((value) => value * factor)),
      bps: stress.kind === "costs" ? bps * stress.size : bps,
    });
    return { ...stress, figures: figuresOf(holdings, barsPerYear) };
  });
}

function stressedWeights(targets: Series, { kind, size }: Omit<StressCase, "figures">): number[] {
  if (kind === "delay") return delayedWeights(targets, size);
  const wanted = delayedWeights(targets);
  if (kind === "liquidity") return limitedWeights(wanted, size);
  return kind === "rejections" ? rejectedWeights(wanted, size) : wanted;
}

/** Thin liquidity: the weight moves towards the wanted one by at most `step` a row. */
function limitedWeights(wanted: Series, step: number): number[] {
  let held = 0;
  return wanted.map((target) => {
    // The last step lands on the target itself, so that no rounding error is left to trade away.
    held = Math.abs(target - held) <= step ? target : held + Math.sign(target - held) * step;
    return held;
  });
}

/**
 * Rejected orders: in the first `rows` rows of a changed target the old weight stays. A target that changes
 * more often than that, as a volatility target does, is never filled at all.
 */
function rejectedWeights(wanted: Series, rows: number): number[] {
  let held = 0;
  let age = rows;
  return wanted.map((target, k) => {
    const before = k === 0 ? 0 : valueAt(wanted, k - 1);
    age = target === before ? age + 1 : 1;
    if (age > rows) held = target;
    return held;
  });
}
