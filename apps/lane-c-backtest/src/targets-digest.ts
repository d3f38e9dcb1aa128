import { createHash } from "node:crypto";

/** Target weights of one parameter set on one instrument, by digest: how many rows, and SHA-256 over their doubles. */
export interface TargetsDigest {
  readonly rows: number;
  readonly sha256: string;
}

/** The digest of some targets; 0 and -0 are the same weight. `source-child.ts` computes it in the same way. */
export function targetsDigest(targets: readonly number[]): TargetsDigest {
  const doubles = Float64Array.from(targets, (target) => target + 0);
  const sha256 = createHash("sha256").update(new Uint8Array(doubles.buffer)).digest("hex");
  return { rows: targets.length, sha256 };
}
