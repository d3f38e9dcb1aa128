import { Instant, Sha256 } from "@baton/contracts";
import { z } from "zod";

import { InputDigest } from "./backtest-figures.ts";
import { GateReport } from "./gate-report.ts";

/** The three drills that are really run before anything is promoted. */
export const ROLLBACK_DRILLS = ["kill-switch", "gitops-revert", "strategy-disable"] as const;
export const RollbackDrill = z.enum(ROLLBACK_DRILLS);
export type RollbackDrill = z.infer<typeof RollbackDrill>;

/** What a drill did and saw; the same on every rerun that goes the same way. */
export const DrillOutcome = z.object({
  drill: RollbackDrill,
  passed: z.boolean(),
  steps: z
    .array(
      z.object({
        step: z.string().min(1).max(120),
        expected: z.string().max(120),
        seen: z.string().max(200),
        passed: z.boolean(),
      }),
    )
    .min(1),
});
export type DrillOutcome = z.infer<typeof DrillOutcome>;

/** `gates/rollback-readiness.json`: can this be stopped and taken back? */
export const RollbackReadiness = GateReport.extend({
  promotionTarget: z.enum(["shadow", "paper", "live"]),
  inputs: z.array(InputDigest),
  drills: z.array(DrillOutcome),
  /** Where a rollback leads: the strategy's file on main as another run left it, or null if it isn't there, so that a rollback removes it. */
  rollbackTarget: z.object({ path: z.string(), contentSha256: Sha256.nullable() }).nullable(),
  /** `before-live-ramp`: the playbook asks a person before the only stage that needs it. */
  humanApproval: z.enum(["not-needed", "before-live-ramp", "given"]),
});
export type RollbackReadiness = z.infer<typeof RollbackReadiness>;

/** One step of a drill as it was timed. */
export const TimedStep = z.object({ step: z.string(), ms: z.number().min(0) });
export type TimedStep = z.infer<typeof TimedStep>;

/** `observed/rollback-drills.json`: the drills' receipts with their times; the age of `completedAt` decides whether they still count. */
export const ObservedDrills = z.object({
  schemaVersion: z.literal("baton.observed-drills.v1"),
  completedAt: Instant,
  drills: z.array(
    z.object({
      drill: RollbackDrill,
      startedAt: Instant,
      steps: z.array(TimedStep),
      /** Where it was run: the broker's account or the strategy's id; both exist for the drill only. */
      subject: z.string(),
      /** Commits on main and broker's order ids that it made. */
      receipts: z.array(z.string()),
    }),
  ),
});
export type ObservedDrills = z.infer<typeof ObservedDrills>;
