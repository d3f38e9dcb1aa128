/** The figures by which a rollout is judged and its limits are raised. */
import type { RampLevel } from "@baton/artifacts";

/** Name of these figures in gate reports; another figure is another version. */
export const POLICY_VERSION = "baton-rollout-policy-v1";

/** Share of the target notional at each level; a candidate that targets shadow runs at L0 without orders. */
const NOTIONAL_SHARE: Readonly<Record<RampLevel, number>> = {
  L0: 0.05,
  L1: 0.1,
  L2: 0.5,
  L3: 1,
};

/** Levels that a live ramp goes through after L0. */
export const RAMP_STEPS = ["L1", "L2", "L3"] as const;

/** Limits on what filling at the next open costs. */
export const COST_LIMITS = {
  /** With fewer orders, what one of them happened to cost says nothing about the next. */
  fewestOrdersForSlippage: 20,
  slippageBps: 25,
  shortfallBps: 25,
  churn: 0.75,
  divergenceBps: 12,
} as const;

/** Notional limit of a level in account currency, to the cent. */
export function notionalAt(
  level: RampLevel,
  promotion: { readonly target: "shadow" | "paper" | "live"; readonly notional: number },
): number {
  if (promotion.target === "shadow") return 0;
  return Math.round(promotion.notional * NOTIONAL_SHARE[level] * 100) / 100;
}
