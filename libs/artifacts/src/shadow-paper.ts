import { Sha256 } from "@baton/contracts";
import { z } from "zod";

import { BacktestFigures, DatedRows, InputDigest } from "./backtest-figures.ts";
import { GateReport } from "./gate-report.ts";
import { RampLevel } from "./strategy-configmap.ts";

/** A measured figure against the backtest's band for as many rows. */
export const BandCheck = z.object({
  figure: z.enum(["sharpe", "total", "maxDrawdown"]),
  measured: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** `unknown` if the figure has no value, here or in the backtest. */
  place: z.enum(["below", "within", "above", "unknown"]),
});
export type BandCheck = z.infer<typeof BandCheck>;

/**
 * Costs of trading as a desk looks at them, in basis points of what was traded: each change of weight was decided at a
 * close; it is compared with filling it at the next open. Null where nothing was traded.
 */
export const TradingCosts = z.object({
  orders: z.int().min(0),
  /** Sum of all changes of weight. */
  traded: z.number().min(0),
  /** Next open against the close that decided, weighted by size; positive is worse. */
  slippageBps: z.number().nullable(),
  /** The same plus the cost model's own costs. */
  shortfallBps: z.number().nullable(),
  /** Changes of weight per row. */
  churn: z.number().min(0),
  /** Mean daily return lost to filling at the open, in basis points of the equity; positive is worse. */
  divergenceBps: z.number(),
});
export type TradingCosts = z.infer<typeof TradingCosts>;

/** `gates/shadow-paper.json`: the strategy over the rows that nobody had seen, against what the backtest led to expect. */
export const ShadowPaperReport = GateReport.extend({
  promotionTarget: z.enum(["shadow", "paper", "live"]),
  inputs: z.array(InputDigest),
  level: RampLevel,
  /** Hash that the engine was seen to run. */
  configHash: Sha256,
  sourceSha256: Sha256,
  evaluation: z.object({
    instruments: z
      .array(z.object({ instrument: z.string(), sha256: Sha256, holdout: DatedRows }))
      .min(1),
    figures: BacktestFigures,
    bands: z.array(BandCheck).min(1),
    costs: TradingCosts,
    /** Net returns of the held-back rows, in the order of their dates. */
    net: z.array(z.number()),
  }),
});
export type ShadowPaperReport = z.infer<typeof ShadowPaperReport>;
