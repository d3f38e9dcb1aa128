/** The figures by which a rollout is judged and its limits are raised. */
/** Name of these figures in gate reports; another figure is another version. */
export const POLICY_VERSION = "baton-rollout-policy-v1";

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
