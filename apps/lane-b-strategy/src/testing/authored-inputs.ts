/** What lane A hands on for an authored strategy on one of the built-in instruments. */
import { createHash } from "node:crypto";

import { CandidateSpec, type CandidateSpecArtifact } from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import { builtInMarketData, manifestOf, onSharedDates } from "@baton/market";

export const candidateId = "cand-0123456789ab";
export const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

const market = builtInMarketData();
const described = manifestOf(
  onSharedDates([await market.load("AAPL", new AbortController().signal)]),
  252,
);

/** Without a source the strategy is to be written. */
export function authoredInputs(of: {
  readonly runId: string;
  readonly source: Uint8Array | undefined;
  readonly grid: Record<string, number>[];
  readonly warmUpRows: number;
}) {
  const { runId, source, grid, warmUpRows } = of;
  const named = source && { source: { sha256: sha256(source), bytes: source.length } };
  const spec = CandidateSpec.parse({
    schema: "baton.candidate.v1",
    name: "Example",
    thesis: "Slow changes go on for longer than people expect.",
    universe: [{ instrument: "AAPL" }],
    strategy: { plugin: "authored", grid, authored: { ...named, warmUpRows } },
    regimes: [{ name: "rise", expectation: "Invested." }],
    expectation: { metric: "sharpe", atLeast: 0.4 },
    promotion: { target: "shadow", notional: 1000 },
  });
  const features = [{ name: "closes", definition: "closes as they are", lookbackRows: warmUpRows }];
  const research: CandidateSpecArtifact = {
    schemaVersion: "baton.candidate-spec.v1",
    candidateId,
    runId,
    iteration: 0,
    specSha256: sha256(canonicalJson(spec)),
    spec,
    trials: grid.map((parameters, index) => ({ index, parameters, warmUpRows, features })),
    declaredTrials: grid.length,
    falsifiedIf: "it loses",
    datasets: described.datasets,
    fills: "close",
    delayRows: 1,
    feedback: [],
  };
  const manifest = {
    schemaVersion: "baton.dataset-manifest.v1",
    candidateId,
    runId,
    ...described,
    fills: "close",
  };
  return {
    spec,
    inputs: {
      "research/candidate-spec.json": research,
      "research/dataset-manifest.json": manifest,
    },
  };
}
