import { z } from "zod";

import { InputDigest } from "./backtest-figures.ts";
import { GateReport } from "./gate-report.ts";

/** One question to the promotion policy, and what it had to answer. */
export const PolicyCase = z.object({
  case: z.string().min(1).max(120),
  expected: z.enum(["allowed", "denied"]),
  outcome: z.enum(["allowed", "denied"]),
  /** Why it was denied; a case that had to be denied for one reason isn't passed by another. */
  reasons: z.array(z.string().max(200)).max(50),
  passed: z.boolean(),
});
export type PolicyCase = z.infer<typeof PolicyCase>;

/** `gates/policy-dry-run.json`: the promotion policy asked about the run as it is, and about runs that it must deny. */
export const PolicyDryRun = GateReport.extend({
  promotionTarget: z.enum(["shadow", "paper", "live"]),
  inputs: z.array(InputDigest),
  cases: z.array(PolicyCase).min(1).max(100),
});
export type PolicyDryRun = z.infer<typeof PolicyDryRun>;
