import { Sha256 } from "@baton/contracts";
import { z } from "zod";

import { InputDigest } from "./backtest-figures.ts";
import { GateReport } from "./gate-report.ts";

/**
 * How a check ended. `missing` (no input) fails its gate like `fail`; `warning` is shown and fails nothing;
 * `skipped` is only for what a later stage measures or what doesn't apply, and says which.
 */
export const CheckStatus = z.enum(["pass", "fail", "missing", "warning", "skipped"]);
export type CheckStatus = z.infer<typeof CheckStatus>;

/** One comparison of a measured value with the policy's threshold. */
export const GateCheck = z.object({
  gateId: z.string().min(1).max(80),
  checkId: z.string().min(1).max(80),
  /** What is measured, with its unit. */
  title: z.string().min(1).max(120),
  status: CheckStatus,
  rule: z.enum(["at least", "at most", "exactly"]),
  threshold: z.union([z.number(), z.string(), z.boolean()]).nullable(),
  /** Null if there was nothing to measure. */
  measured: z.union([z.number(), z.string(), z.boolean()]).nullable(),
  /** Distance from the threshold on the good side; negative is how far it failed by; null where numbers don't apply. */
  margin: z.number().nullable(),
  /** One sentence: how it compares, and what a failure means. */
  reason: z.string().min(1).max(280),
  /** What it was read from. */
  evidence: z.array(InputDigest),
});
export type GateCheck = z.infer<typeof GateCheck>;

/** `gates/gate-evaluation.json`: gates 0 to 5 with every check. */
export const GateEvaluation = GateReport.extend({
  policySha256: Sha256,
  promotionTarget: z.enum(["shadow", "paper", "live"]).nullable(),
  inputs: z.array(InputDigest),
  checks: z.array(GateCheck).min(1),
});
export type GateEvaluation = z.infer<typeof GateEvaluation>;
