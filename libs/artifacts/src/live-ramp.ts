import { Instant, Sha256 } from "@baton/contracts";
import { z } from "zod";

import { InputDigest } from "./backtest-figures.ts";
import { GateReport } from "./gate-report.ts";
import { RampLevel } from "./strategy-configmap.ts";

/** `gates/live-ramp.json`: how far the limits were raised, each level only after the one before was seen to run. */
export const LiveRampReport = GateReport.extend({
  promotionTarget: z.enum(["shadow", "paper", "live"]),
  inputs: z.array(InputDigest),
  /** Level that runs now: L0 if the target isn't live or the ramp was rolled back. */
  level: RampLevel,
  /** Hash that the engine was seen to run at that level; null if it wasn't. */
  configHash: Sha256.nullable(),
  steps: z.array(
    z.object({
      level: RampLevel,
      notional: z.number().min(0),
      configHash: Sha256,
      /** False for the step at which the ramp stopped. */
      verified: z.boolean(),
    }),
  ),
  rolledBack: z.boolean(),
});
export type LiveRampReport = z.infer<typeof LiveRampReport>;

/** One commit on the GitOps repository's main and how it got to the engine; only under `observed/`. */
export const ObservedChange = z.object({
  /** `<candidateId>.<stage>.<runId>` with the step's suffix, as in the commit's trailer. */
  action: z.string(),
  /** `already`: an earlier attempt of the same stage run had brought it about. */
  effect: z.enum(["done", "already"]),
  commit: z.string(),
  /** Branch that was merged; null for a revert, and for what an earlier attempt brought about. */
  branch: z.string().nullable(),
  level: RampLevel,
  mergedAt: Instant,
  /** Milliseconds from before the commit was made until main had it. */
  mergeMs: z.number().min(0),
  /** Milliseconds from then until the engine was seen to run it with its positions settled; null if it wasn't. */
  verifyMs: z.number().min(0).nullable(),
  /** Client order ids that the engine took to the broker for it, each seen there. */
  orders: z.array(z.string()),
});
export type ObservedChange = z.infer<typeof ObservedChange>;

/** `observed/shadow-paper-rollout.json` and `observed/live-ramp-rollout.json`: what really happened, with its times. */
export const ObservedRollout = z.object({
  schemaVersion: z.literal("baton.observed-rollout.v1"),
  changes: z.array(ObservedChange),
  /** The rollback, with the reason; null if there was none. */
  rollback: z.object({ reason: z.string(), change: ObservedChange }).nullable(),
});
export type ObservedRollout = z.infer<typeof ObservedRollout>;
