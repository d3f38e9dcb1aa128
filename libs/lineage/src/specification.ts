/** What follows from a specification as it was submitted, whoever computes it. */
import { CandidateSpec, Parameters } from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import { QuantError, strategyKind, type Strategy } from "@baton/quant";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** One parameter set of the grid with the plugin's defaults filled in, and what the plugin makes of it. */
export interface DeclaredSet {
  readonly parameters: Parameters;
  /** First rows in which the strategy stays flat. */
  readonly warmUpRows: number;
  /** Least and largest weight per instrument. */
  readonly bounds: Strategy["bounds"];
}

/** The specification with its defaults filled in; undefined if it isn't a `baton.candidate.v1`. */
export function normalSpec(document: unknown): CandidateSpec | undefined {
  return CandidateSpec.safeParse(document).data;
}

/** SHA-256 over the canonical JSON of a specification with its defaults filled in: what artifacts name it by. */
export function specDigest(spec: CandidateSpec): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(spec))));
}

/** The declared trials in the grid's order; undefined if the plugin is unknown or refuses one of them. */
export function declaredSets(strategy: CandidateSpec["strategy"]) {
  try {
    const plugin = strategyKind(strategy);
    return strategy.grid.map((raw): DeclaredSet => {
      const { parameters, warmUpRows, bounds } = plugin.bind(raw);
      return { parameters: Parameters.parse(parameters), warmUpRows, bounds };
    });
  } catch (error) {
    if (error instanceof QuantError) return undefined;
    throw error;
  }
}
