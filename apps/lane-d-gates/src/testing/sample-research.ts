/** What lanes A and B hand on about the sample. */
import { createHash } from "node:crypto";

import type {
  CandidateSpec,
  CandidateSpecArtifact,
  CatalogEntryArtifact,
  DatasetManifest,
  StrategyPluginArtifact,
  TestReportArtifact,
} from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";

import { CANDIDATE, day, digest, head, range } from "./sample-identity.ts";

const spec: CandidateSpec = {
  schema: "baton.candidate.v1",
  name: "Sample",
  thesis: "What rose goes on rising for a while.",
  universe: [{ instrument: "AAA" }],
  strategy: { plugin: "sma-cross", grid: [{ fast: 10, slow: 50 }] },
  costBps: 5,
  regimes: [{ name: "any", expectation: "Earns." }],
  expectation: { metric: "sharpe", atLeast: 0.4 },
  holdoutRows: 252,
  seed: 1,
  promotion: { target: "live", notional: 100_000 },
};

/** What artifacts name the specification by. */
export const specSha256 = createHash("sha256").update(canonicalJson(spec)).digest("hex");

export const research: CandidateSpecArtifact = {
  schemaVersion: "baton.candidate-spec.v1",
  ...head,
  iteration: 0,
  specSha256,
  spec,
  trials: [
    {
      index: 0,
      parameters: { fast: 10, slow: 50 },
      warmUpRows: 49,
      features: [{ name: "close", definition: "the close", lookbackRows: 0 }],
    },
  ],
  declaredTrials: 1,
  falsifiedIf: "the Sharpe ratio is below 0.4",
  datasets: [
    { instrument: "AAA", sha256: digest("d"), research: range(3000), holdout: range(252) },
  ],
  fills: "close",
  delayRows: 1,
  feedback: [],
};

export const manifest: DatasetManifest = {
  schemaVersion: "baton.dataset-manifest.v1",
  ...head,
  barsPerYear: 252,
  spacingDays: 1,
  datasets: [
    {
      schemaVersion: "3.0.0",
      instrument: "AAA",
      source: "made up",
      sha256: digest("d"),
      rows: 3252,
      start: day,
      end: day,
      calendarGaps: [{ after: day, before: day, days: 7 }],
      staleOpenRatio: 0.01,
      staleOpenRatioByYear: {},
      nullRate: 0.001,
      prices: "as-given",
      splits: [],
      realMoves: [],
      moves: { total: 0, listed: [] },
      droppedRows: 0,
      research: range(3000),
      holdout: range(252),
    },
  ],
  holdoutRows: 252,
  fills: "close",
};

export const plugin: StrategyPluginArtifact = {
  schemaVersion: "baton.strategy-plugin.v1",
  ...head,
  plugin: "sma-cross",
  scope: "one",
  sourceSha256: digest("c"),
  testSha256: digest("7"),
  specSha256,
  parameterSchema: {},
  parameterSets: [
    { parameters: { fast: 10, slow: 50 }, warmUpRows: 49, bounds: { least: 0, most: 1 } },
  ],
  fills: "close",
  delayRows: 1,
};

export const tests: TestReportArtifact = {
  schemaVersion: "baton.test-report.v1",
  ...head,
  sourceSha256: digest("c"),
  testSha256: digest("7"),
  datasets: [{ instrument: "AAA", sha256: digest("d"), research: range(3000) }],
  secondOpinion: "a library 1.0.0",
  passed: 1,
  failed: 0,
  tests: [{ name: "no look-ahead", result: "pass", message: null }],
};

export const catalog: CatalogEntryArtifact = {
  schemaVersion: "baton.catalog-entry.v1",
  strategyId: `sma-cross-${CANDIDATE}`,
  version: "c".repeat(12),
  title: "Sample",
  plugin: "sma-cross",
  instruments: ["AAA"],
  path: `strategies/${CANDIDATE}/strategy.ts`,
  sourceSha256: digest("c"),
  parameterSets: [{ fast: 10, slow: 50 }],
};
