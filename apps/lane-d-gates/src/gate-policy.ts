/** The gate policy: thresholds as data, versioned, and refused as a whole if one key is wrong. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { StressFamily } from "@baton/contracts";
import { parseDocument } from "yaml";
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
  }),
  gate1_statistical_robustness: z.strictObject({
    minFolds: Rows,
    minTrades: Rows,
    minNetReturn: z.number(),
    maxNegativeFoldShare: Share,
    maxFoldVariation: z.number().positive(),
    minGapRows: z.int().min(0),
    minDeflatedSharpe: Share,
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

/** The file is missing, isn't YAML, or isn't a gate policy; the message says where and what to do. */
export class GatePolicyError extends Error {
  override readonly name = "GatePolicyError";
  readonly code = "E_GATE_POLICY";
}

/** The policy that comes with this lane. */
export const DEFAULT_POLICY_PATH = join(import.meta.dirname, "../policy/gate-policy.yaml");

const MAX_BYTES = 64 * 1024;

/** Reads the policy of a file; throws a GatePolicyError, so that a lane doesn't start with half a policy. */
export async function loadGatePolicy(path = DEFAULT_POLICY_PATH): Promise<LoadedGatePolicy> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new GatePolicyError(`gate policy ${path}: ${what}; name a readable file`, { cause });
  });
  return parseGatePolicy(bytes, path);
}

/** The policy in these bytes; `name` is what errors call them. Throws a GatePolicyError. */
export function parseGatePolicy(bytes: Uint8Array, name: string): LoadedGatePolicy {
  if (bytes.length > MAX_BYTES)
    throw new GatePolicyError(`gate policy ${name}: ${bytes.length} bytes, at most ${MAX_BYTES}`);
  const parsed = GatePolicy.safeParse(plainValue(bytes, name));
  if (!parsed.success) {
    const faults = parsed.error.issues
      .slice(0, 5)
      .map((issue) => `${issue.path.join(".") || "(top)"}: ${issue.message}`);
    throw new GatePolicyError(
      `gate policy ${name}: ${faults.join("; ")}; correct the file, nothing of it is used`,
    );
  }
  return { policy: parsed.data, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function plainValue(bytes: Uint8Array, name: string): unknown {
  const document = parseDocument(new TextDecoder().decode(bytes), { schema: "core" });
  const [fault] = document.errors;
  if (fault !== undefined) throw new GatePolicyError(`gate policy ${name}: ${fault.message}`);
  try {
    // No aliases: a policy is read by people, and nothing in it should stand somewhere else.
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new GatePolicyError(`gate policy ${name}: it may not use aliases`, { cause });
  }
}
