/**
 * How a strategy is written down in the GitOps repository, and what an engine says that it runs.
 *
 * One file per candidate, `strategies/<candidateId>.yaml`: a Kubernetes ConfigMap whose data has two keys. Promotion
 * writes `strategy.json` once; a ramp step changes `limits.json` and nothing else.
 */
import { CandidateId, canonicalJson, Instant, openNames, RunId, Sha256 } from "@baton/contracts";
import { z } from "zod";

import { InstrumentName, Parameters } from "./candidate-spec.ts";

/** Folder of the strategies in the GitOps repository. */
export const STRATEGIES_FOLDER = "strategies";
/** Longest text of a strategy's file that is read, in characters. */
export const STRATEGY_CHARACTERS = 1_000_000;

/** Ramp levels in their order: paper, canary, moderate, target. */
export const RAMP_LEVELS = ["L0", "L1", "L2", "L3"] as const;
export const RampLevel = z.enum(RAMP_LEVELS);
export type RampLevel = z.infer<typeof RampLevel>;

/** One instrument of a strategy. */
export const StrategyInstrument = z.object({
  instrument: InstrumentName,
  /** Share of the notional limit. */
  share: z.number().positive().max(1),
  parameters: Parameters,
  /** Target weight known at the close of the last row: what the position is held at. */
  signal: z.object({
    weight: z.number().min(-1).max(1),
    date: z.iso.date(),
    close: z.number().positive(),
  }),
});
export type StrategyInstrument = z.infer<typeof StrategyInstrument>;

/** `strategy.json`: what is traded and on whose authority. */
export const StrategySettings = z.object({
  schemaVersion: z.literal("baton.strategy.v1"),
  candidateId: CandidateId,
  runId: RunId,
  plugin: z.string().min(1).max(40),
  /** Digest of the plugin's source as it was built and backtested. */
  sourceSha256: Sha256,
  costBps: z.number().min(0),
  instruments: z.array(StrategyInstrument).min(1).max(10),
});
export type StrategySettings = z.infer<typeof StrategySettings>;

/** `limits.json`: how much of it. */
export const StrategyLimits = z.object({
  schemaVersion: z.literal("baton.strategy-limits.v1"),
  level: RampLevel,
  /** Largest notional in account currency; 0 runs without orders. */
  notional: z.number().min(0).max(1e9),
  /** False closes every position. */
  enabled: z.boolean(),
});
export type StrategyLimits = z.infer<typeof StrategyLimits>;

/** The ConfigMap's data: JSON texts by key. */
export const StrategyData = z.strictObject({
  "limits.json": z.string().max(10_000),
  "strategy.json": z.string().max(100_000),
});
export type StrategyData = z.infer<typeof StrategyData>;

/** The file as a Kubernetes object. */
export const StrategyConfigMap = z.object({
  apiVersion: z.literal("v1"),
  kind: z.literal("ConfigMap"),
  metadata: z.looseObject({ name: z.string().min(1).max(253) }),
  data: StrategyData,
});
export type StrategyConfigMap = z.infer<typeof StrategyConfigMap>;

/** Text whose SHA-256 is the hash by which a running strategy is verified: the data alone, canonical. */
export function strategyHashText(data: StrategyData): string {
  return canonicalJson(data);
}

/** Path of a candidate's file in the GitOps repository. */
export function strategyPath(candidateId: CandidateId): string {
  return `${STRATEGIES_FOLDER}/${candidateId}.yaml`;
}

/** An order that the engine took to the broker for the version that it runs. */
export const EngineOrder = z.object({
  clientOrderId: z.string(),
  instrument: z.string(),
  side: z.enum(["buy", "sell"]),
  quantity: z.string(),
  /** `accepted`: the broker has it; `refused`: it said no; `unknown`: it may have it; `blocked`: a kill switch stops it, or nobody knows whether one does. */
  state: openNames(["accepted", "refused", "unknown", "blocked"]),
  message: z.string().nullable(),
});
export type EngineOrder = z.infer<typeof EngineOrder>;

/**
 * Why people have to look at a strategy that runs. `E_POSITION_MISMATCH`: its account holds something else than its version's
 * orders made it, so no order is sent until the position is as it should be or main has another version. `E_LIMIT`: the operator's limits keep its orders
 * back. `E_STRATEGY_FAULT`: bringing its account to its version failed in a way that nobody foresaw.
 */
export const STRATEGY_TROUBLES = ["E_POSITION_MISMATCH", "E_LIMIT", "E_STRATEGY_FAULT"] as const;
const StrategyTrouble = openNames(STRATEGY_TROUBLES);
export type StrategyTrouble = z.infer<typeof StrategyTrouble>;

/** What an engine says about one strategy: `GET /strategies/<candidateId>`. */
export const RunningStrategy = z.object({
  candidateId: CandidateId,
  runId: RunId,
  /** SHA-256 of the data that is applied (`strategyHashText`), computed by the engine from what it runs. */
  hash: Sha256,
  /** Commit on main that brought it. */
  commit: z.string(),
  level: RampLevel,
  notional: z.number(),
  enabled: z.boolean(),
  appliedAt: Instant,
  /** The broker's account of this strategy. */
  account: z.string(),
  /** True once every position is where the limits want it. */
  settled: z.boolean(),
  positions: z.array(z.object({ instrument: z.string(), target: z.string(), held: z.string() })),
  /** Of this version only. */
  orders: z.array(EngineOrder),
  /** Why it isn't settled or a newer file isn't applied; for people. */
  problem: z.string().nullable(),
  /** Null while it gets where it should by itself. */
  trouble: StrategyTrouble.nullable().optional(),
});
export type RunningStrategy = z.infer<typeof RunningStrategy>;

/** What an engine makes of the mesh's controls. */
export const EngineControls = z.object({
  /** Sequence of the state that it acts under; null while it has read none. */
  sequence: z.int().positive().nullable(),
  /** Why it sends no order that increases a position; null if nothing stops it. */
  stop: z.string().nullable(),
  /** The broker's switch over all accounts as seen last: by whom it is engaged; null before the first look. */
  brokerSwitch: z.enum(["released", "engaged by the mesh", "engaged by others"]).nullable(),
});
export type EngineControls = z.infer<typeof EngineControls>;

/** An account of a strategy that main doesn't have any more, while it is run down to nothing. */
export const UnclaimedAccount = z.object({
  account: z.string(),
  positions: z.array(z.object({ instrument: z.string(), held: z.string() })),
  /** Why it isn't down yet; for people. */
  problem: z.string().nullable(),
});
export type UnclaimedAccount = z.infer<typeof UnclaimedAccount>;

/** A main that doesn't go on from the newest one that the engine obeyed: while it is so, nothing is increased. */
export const MainLoss = z.object({
  /** Head of main that was obeyed last. */
  obeyed: z.string(),
  head: z.string(),
  /** Files in `strategies/` that this head has and the other one hadn't. */
  returns: z.array(z.string()),
});
export type MainLoss = z.infer<typeof MainLoss>;

/** All strategies of an engine: `GET /strategies`. */
export const RunningStrategies = z.object({
  /** Head of main that was applied last; null before the first. */
  head: z.string().nullable(),
  strategies: z.array(RunningStrategy),
  /** Files that can't be applied, or aren't increased, with the reason. */
  refused: z.array(
    z.object({
      file: z.string(),
      /** `E_LIMIT`: it wants more than the operator allows. `E_UNACCOUNTED`: more than the journal accounts for. */
      code: openNames(["E_STRATEGY_FILE", "E_LIMIT", "E_UNACCOUNTED"]).optional(),
      problem: z.string(),
    }),
  ),
  unclaimed: z.array(UnclaimedAccount).optional(),
  /** Null while main goes on from where it was. */
  mainLost: MainLoss.nullable().optional(),
  controls: EngineControls.optional(),
});
export type RunningStrategies = z.infer<typeof RunningStrategies>;
