/** The gate policy: thresholds as data, versioned, and refused as a whole if one key is wrong. */
import { createHash } from "node:crypto";
import { join } from "node:path";

import { StressFamily } from "@baton/artifacts";
import { readOwnFile, unsafeAction } from "@baton/files";
import { EXIT, StartFailure } from "@baton/service";
import { readYaml, YamlError } from "@baton/text";
import { z } from "zod";

const Share = z.number().min(0).max(1);
const Rows = z.int().min(1);

/** Thresholds of every gate; the comments of `policy/gate-policy.yaml` say what each one means. */
export const GatePolicy = z.strictObject({
  schema: z.literal("baton.gate-policy.v1"),
  version: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,79}$/, "1 to 80 of a-z 0-9 . -"),
  gate0_data_integrity: z.strictObject({
    datasetSchema: z.string().min(1).max(40),
    minInstruments: Rows,
    minResearchRows: Rows,
    maxNullRate: Share,
    maxGapDays: z.int().min(1).max(366),
    maxStaleOpenRatio: Share,
    maxDroppedShare: Share,
  }),
  gate1_statistical_robustness: z.strictObject({
    minFolds: Rows,
    minTrades: Rows,
    minNetReturn: z.number(),
    maxNegativeFoldShare: Share,
    maxFoldVariation: z.number().positive(),
    minGapRows: z.int().min(0),
    minDeflatedSharpe: Share,
    maxSharpe: z.number().positive(),
    minBandSharpe: z.number(),
    minCrossValidatedSharpe: z.number(),
    minNeighbourRobustness: z.number().min(0),
  }),
  gate2_risk_capacity: z.strictObject({
    maxDrawdown: Share,
    maxStressedDrawdown: Share,
    maxTurnoverPerYear: z.number().positive(),
    maxCostBpsPerYear: z.number().positive(),
    maxFragility: Share,
    stressFamilies: z.array(StressFamily).min(1),
  }),
  gate3_shadow_paper_quality: z.strictObject({ minHoldoutRows: Rows }),
  gate4_operational_readiness: z.strictObject({ minPassedTests: Rows }),
  gate5_live_ramp_readiness: z.strictObject({
    liveEnabled: z.boolean(),
    maxNotional: z.number().positive(),
  }),
});
export type GatePolicy = z.infer<typeof GatePolicy>;

/** A policy with the digest of the bytes it was read from. */
export interface LoadedGatePolicy {
  readonly policy: GatePolicy;
  readonly sha256: string;
}

/** The file is missing, isn't YAML, or isn't a gate policy: ends the service before it starts, with exit code 3. */
export class GatePolicyError extends StartFailure {
  constructor(what: string, action: string, cause?: unknown) {
    const code = "E_GATE_POLICY";
    super({ code, exitCode: EXIT.invalidInput, message: what, action, cause });
  }
}

/** The policy that comes with this lane. */
export const DEFAULT_POLICY_PATH = join(import.meta.dirname, "../policy/gate-policy.yaml");

const MAX_BYTES = 64 * 1024;
const MAX_FAULTS = 5;

/** Reads the policy of a file; throws a GatePolicyError, so that a lane doesn't start with half a policy. */
export async function loadGatePolicy(path = DEFAULT_POLICY_PATH): Promise<LoadedGatePolicy> {
  return parseGatePolicy(bytesOf(path), path);
}

function bytesOf(path: string): Uint8Array {
  try {
    return readOwnFile(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const action = unsafeAction(cause, "name a readable file in BATON_GATE_POLICY, or unset it");
    throw new GatePolicyError(`gate policy ${path} can't be read: ${why}`, action, cause);
  }
}

/** The policy in these bytes; `name` is what errors call them. Throws a GatePolicyError. */
export function parseGatePolicy(bytes: Uint8Array, name: string): LoadedGatePolicy {
  const refuse = (what: string, cause?: unknown) => {
    const action = "correct the file; nothing of it is used until all of it is valid";
    return new GatePolicyError(`gate policy ${name}: ${what}`, action, cause);
  };
  if (bytes.length > MAX_BYTES) throw refuse(`${bytes.length} bytes, at most ${MAX_BYTES}`);
  const parsed = GatePolicy.safeParse(plainValue(bytes, refuse));
  if (!parsed.success) {
    const faults = parsed.error.issues
      .slice(0, MAX_FAULTS)
      .map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`);
    throw refuse(faults.join("; "));
  }
  return { policy: parsed.data, sha256: createHash("sha256").update(bytes).digest("hex") };
}

type Refuse = (what: string, cause?: unknown) => GatePolicyError;

function plainValue(bytes: Uint8Array, refuse: Refuse): unknown {
  try {
    return readYaml(new TextDecoder().decode(bytes), { maxCharacters: MAX_BYTES });
  } catch (cause) {
    if (!(cause instanceof YamlError)) throw cause;
    throw refuse(`${cause.message}; ${cause.action}`, cause);
  }
}
