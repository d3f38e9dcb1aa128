/** Evidence of a candidate that passes every gate, for tests that then take something away. */
import type {
  ArtifactRef,
  BacktestBands,
  BacktestFigures,
  BandPercentiles,
  CandidateSpecArtifact,
  CatalogEntryArtifact,
  DatasetManifest,
  EvaluationReport,
  FoldMetrics,
  StrategyPluginArtifact,
  StressMetrics,
  TestReportArtifact,
  WalkForwardResults,
} from "@baton/contracts";

import type { Evidence, Source } from "../evidence.ts";

export const CANDIDATE = "cand-0123456789ab";
export const RUN = "run-0123456789ab";

/** A digest that is told apart from others at a glance. */
export const digest = (letter: string) => letter.repeat(64);

const head = { candidateId: CANDIDATE, runId: RUN };
const day = "2001-01-02";
const rows = (from: number, to: number) => ({ from, to, start: day, end: day });
const range = (count: number) => ({ rows: count, start: day, end: day });

const figures: BacktestFigures = {
  rows: 2520,
  total: 1.5,
  cagr: 0.1,
  volatility: 0.12,
  sharpe: 0.8,
  sortino: 1,
  maxDrawdown: -0.2,
  turnover: 20,
  turnoverPerYear: 2,
  trades: 20,
  cost: 0.01,
};
const percentiles: BandPercentiles = {
  p01: 0.1,
  p05: 0.2,
  p25: 0.5,
  p50: 0.8,
  p75: 1,
  p95: 1.3,
  p99: 1.5,
};
const bands = (horizonRows: number): BacktestBands => ({
  seed: 1,
  samples: 500,
  blockRows: 20,
  horizonRows,
  sharpe: percentiles,
  total: percentiles,
  maxDrawdown: percentiles,
});

const research: CandidateSpecArtifact = {
  schemaVersion: "baton.candidate-spec.v1",
  ...head,
  iteration: 0,
  specSha256: digest("5"),
  spec: {
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
  },
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

const manifest: DatasetManifest = {
  schemaVersion: "baton.dataset-manifest.v1",
  ...head,
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
      research: range(3000),
      holdout: range(252),
    },
  ],
  holdoutRows: 252,
  fills: "close",
};

const plugin: StrategyPluginArtifact = {
  schemaVersion: "baton.strategy-plugin.v1",
  ...head,
  plugin: "sma-cross",
  scope: "one",
  sourceSha256: digest("c"),
  testSha256: digest("7"),
  specSha256: digest("5"),
  parameterSchema: {},
  parameterSets: [
    { parameters: { fast: 10, slow: 50 }, warmUpRows: 49, bounds: { least: 0, most: 1 } },
  ],
  fills: "close",
  delayRows: 1,
};

const tests: TestReportArtifact = {
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

const catalog: CatalogEntryArtifact = {
  schemaVersion: "baton.catalog-entry.v1",
  strategyId: "sma-cross-0123456789ab",
  version: "c".repeat(12),
  title: "Sample",
  plugin: "sma-cross",
  instruments: ["AAA"],
  path: "strategies/sample",
  sourceSha256: digest("c"),
  parameterSets: [{ fast: 10, slow: 50 }],
};

/** Names of the evidence's artifacts and the digests under which the sample stores them. */
const NAMES = {
  research: ["research/candidate-spec.json", digest("1")],
  manifest: ["research/dataset-manifest.json", digest("2")],
  plugin: ["build/plugin.json", digest("3")],
  tests: ["build/test-report.json", digest("4")],
  catalog: ["build/catalog-entry.json", digest("6")],
  walkForward: ["backtest/walkforward-results.json", digest("8")],
  folds: ["gates/fold-metrics-v1.json", digest("9")],
  stress: ["gates/stress-metrics-v1.json", digest("a")],
  evaluation: ["backtest/evaluation-report.json", digest("b")],
} as const;
export type EvidenceName = keyof typeof NAMES;
export const EVIDENCE_NAMES: readonly EvidenceName[] = [
  "research",
  "manifest",
  "plugin",
  "tests",
  "catalog",
  "walkForward",
  "folds",
  "stress",
  "evaluation",
];

/** Name of the artifact that a piece of evidence is read from. */
export const artifactName = (name: EvidenceName) => NAMES[name][0];

const named = (...names: readonly EvidenceName[]) =>
  names.map((name) => ({ name: NAMES[name][0], sha256: NAMES[name][1] }));

const walkForward: WalkForwardResults = {
  schemaVersion: "baton.walkforward-results.v1",
  ...head,
  inputs: named("research", "manifest", "plugin"),
  plugin: "sma-cross",
  costBps: 5,
  scheme: { firstRow: 200, trainRows: 1008, purgeRows: 5, embargoRows: 0, testRows: 252 },
  grid: [{ fast: 10, slow: 50 }],
  instruments: [
    {
      instrument: "AAA",
      research: rows(0, 3000),
      folds: [
        {
          fold: 0,
          train: rows(200, 1208),
          test: rows(1213, 1465),
          trainSharpes: [0.9],
          chosen: 0,
          figures,
        },
      ],
      crossValidation: { folds: 5, labelRows: 5, embargoRows: 5, results: [] },
      trialSharpesPerRow: [0.05],
      outOfSample: figures,
    },
  ],
  portfolio: { figures, dates: [day, day], net: [0.01, -0.01] },
};

const folds: FoldMetrics = {
  schemaVersion: "baton.fold-metrics.v1",
  ...head,
  inputs: named("research", "manifest", "plugin", "walkForward"),
  folds: [
    {
      instrument: "AAA",
      fold: 0,
      test: rows(1213, 1465),
      parameters: { fast: 10, slow: 50 },
      trainSharpe: 0.9,
      figures,
    },
  ],
  summary: {
    folds: 10,
    negativeFolds: 2,
    negativeShare: 0.2,
    meanTotal: 0.1,
    deviationTotal: 0.12,
    variation: 1.2,
    trades: 20,
  },
  leakage: { leastGapRows: 5, temporalOrder: true, heldBackRowsSeen: 0 },
};

const stress: StressMetrics = {
  schemaVersion: "baton.stress-metrics.v1",
  ...head,
  inputs: named("research", "manifest", "plugin", "walkForward"),
  base: figures,
  cases: (["spread", "volatility", "liquidity", "halt"] as const).map((family) => ({
    id: `${family}-case`,
    family,
    figures,
    fragility: 0.1,
  })),
  summary: { fragility: 0.1, worstCase: "spread-case", maxDrawdown: -0.2 },
};

const evaluation: EvaluationReport = {
  schemaVersion: "baton.evaluation-report.v1",
  ...head,
  inputs: named("research", "manifest", "plugin"),
  results: named("walkForward", "folds", "stress"),
  reproducibility: {
    code: digest("e"),
    runtime: "v24.21.0",
    spec: digest("5"),
    datasets: [{ instrument: "AAA", sha256: digest("d") }],
    plugin: {
      name: "sma-cross",
      source: digest("c"),
      targetsCompared: 3000,
      targetsDiffering: 0,
    },
    seed: 1,
  },
  assumptions: {
    fill: "close",
    delayRows: 1,
    costBps: 5,
    allocation: "equal-weight",
    holdoutRows: 252,
  },
  data: [{ instrument: "AAA", sha256: digest("d"), rows: 3252, research: rows(0, 3000) }],
  trials: { declared: 1, used: 1 },
  outOfSample: {
    start: day,
    end: day,
    figures,
    instruments: [{ instrument: "AAA", figures }],
    buyAndHold: figures,
  },
  chosen: [
    {
      instrument: "AAA",
      share: 1,
      index: 0,
      parameters: { fast: 10, slow: 50 },
      train: rows(1987, 2995),
      trainSharpe: 0.9,
    },
  ],
  expectation: { metric: "sharpe", atLeast: 0.4, measured: 0.8 },
  deflatedSharpe: {
    trials: 1,
    rows: 2520,
    sharpe: 0.05,
    skew: 0,
    kurtosis: 3,
    trialVariance: 0,
    expectedMaximum: 0,
    probability: 0.99,
  },
  crossValidatedSharpe: 0.6,
  bands: { full: bands(2520), holdout: bands(252) },
  neighbourhood: {
    steps: [-0.2, -0.1, 0.1, 0.2],
    instruments: [
      {
        instrument: "AAA",
        parameters: { fast: 10, slow: 50 },
        sharpe: 0.8,
        neighbours: [{ parameters: { fast: 11, slow: 50 }, sharpe: 0.75 }],
        median: 0.94,
        least: 0.94,
      },
    ],
    robustness: 0.94,
  },
};

const VALUES = {
  research,
  manifest,
  plugin,
  tests,
  catalog,
  walkForward,
  folds,
  stress,
  evaluation,
};
/** The sample's artifacts by the name of the evidence. */
export type SampleValues = typeof VALUES;

/** A copy of the sample's artifacts that may be changed. */
export function sampleValues(): SampleValues {
  return structuredClone(VALUES);
}

/** Evidence from these artifacts; `without` are missing from the run. */
export function evidenceOf(
  values: SampleValues = VALUES,
  { without = [], stages = [] }: { without?: readonly EvidenceName[]; stages?: string[] } = {},
): Evidence {
  const refs = EVIDENCE_NAMES.filter((name) => !without.includes(name)).map(refOf);
  const source = <T>(name: EvidenceName, value: T): Source<T> => ({
    name: NAMES[name][0],
    found: without.includes(name) ? undefined : { value, ref: refOf(name) },
  });
  return {
    candidateId: CANDIDATE,
    research: source("research", values.research),
    manifest: source("manifest", values.manifest),
    plugin: source("plugin", values.plugin),
    tests: source("tests", values.tests),
    catalog: source("catalog", values.catalog),
    walkForward: source("walkForward", values.walkForward),
    folds: source("folds", values.folds),
    stress: source("stress", values.stress),
    evaluation: source("evaluation", values.evaluation),
    refs,
    stages: new Set(["research-intake", "candidate-build", "backtest-robustness", ...stages]),
  };
}

const refOf = (name: EvidenceName): ArtifactRef => ({
  name: NAMES[name][0],
  sha256: NAMES[name][1],
  bytes: 1,
  stage: "earlier-stage",
  runId: RUN,
});
