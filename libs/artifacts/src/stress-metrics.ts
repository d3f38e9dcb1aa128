import { CandidateId, RunId } from "@baton/contracts";
import { z } from "zod";

import { BacktestFigures, InputDigest } from "./backtest-figures.ts";

/** The four families of stress that a promotion wants to see; `halt` holds delays and rejected orders. */
export const STRESS_FAMILIES = ["spread", "volatility", "liquidity", "halt"] as const;
export const StressFamily = z.enum(STRESS_FAMILIES);
export type StressFamily = z.infer<typeof StressFamily>;

/** `gates/stress-metrics-v1.json`: the portfolio out of sample when costs, fills or markets are worse. */
export const StressMetrics = z.object({
  schemaVersion: z.literal("baton.stress-metrics.v1"),
  candidateId: CandidateId,
  runId: RunId,
  inputs: z.array(InputDigest).min(1),
  base: BacktestFigures,
  cases: z
    .array(
      z.object({
        /** Such as `costs-x3`, `delay-5`, `volatility-x1.5`, `liquidity-0.25`, `rejections-3`. */
        id: z.string().min(1).max(40),
        family: StressFamily,
        figures: BacktestFigures,
        /** Sharpe ratio lost as a share of the base's: 0 nothing (or better), 1 all of it or worse. */
        fragility: z.number().min(0).max(1),
      }),
    )
    .min(1),
  summary: z.object({
    /** The largest fragility, and the case it belongs to. */
    fragility: z.number().min(0).max(1),
    worstCase: z.string(),
    /** The deepest drawdown of any case. */
    maxDrawdown: z.number().max(0),
  }),
});
export type StressMetrics = z.infer<typeof StressMetrics>;
