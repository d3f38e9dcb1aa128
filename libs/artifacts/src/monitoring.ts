import { Instant, Sha256 } from "@baton/contracts";
import { z } from "zod";

import { InputDigest } from "./backtest-figures.ts";
import { GateReport } from "./gate-report.ts";
import { BandCheck } from "./shadow-paper.ts";
import { RampLevel } from "./strategy-configmap.ts";

/** `gates/continuous-monitoring.json`: has anything moved away from what was approved? */
export const ContinuousMonitoring = GateReport.extend({
  promotionTarget: z.enum(["shadow", "paper", "live"]),
  inputs: z.array(InputDigest),
  /** The hash that rollout saw running, the one that main asks for, and the one that the engine runs; null where there is none. */
  runHash: z.object({
    approved: Sha256.nullable(),
    merged: Sha256.nullable(),
    running: Sha256.nullable(),
  }),
  level: z.object({ approved: RampLevel, running: RampLevel.nullable() }),
  data: z.array(z.object({ instrument: z.string(), declared: Sha256, found: Sha256.nullable() })),
  /** Null if there is nothing to compare, which fails. */
  performance: z
    .object({
      /** A figure below this percentile is drift. */
      edge: z.enum(["p01", "p05"]),
      rows: z.int().positive(),
      checks: z.array(BandCheck),
    })
    .nullable(),
});
export type ContinuousMonitoring = z.infer<typeof ContinuousMonitoring>;

/** `observed/continuous-monitoring.json`: what the engine said, and when. */
export const ObservedMonitoring = z.object({
  schemaVersion: z.literal("baton.observed-monitoring.v1"),
  observedAt: Instant,
  /** Head of main, and the commit that brought the strategy; null if there is none. */
  main: z.string().nullable(),
  commit: z.string().nullable(),
  /** Milliseconds until the engine and main agreed, or until that was given up. */
  waitedMs: z.number().min(0),
});
export type ObservedMonitoring = z.infer<typeof ObservedMonitoring>;
