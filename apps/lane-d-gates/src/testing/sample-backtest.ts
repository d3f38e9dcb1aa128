/** What lane C hands on about the sample: figures that pass every gate. */
import type {
  BacktestBands,
  BacktestFigures,
  BandPercentiles,
  EvaluationReport,
  FoldMetrics,
  StressMetrics,
  WalkForwardResults,
} from "@baton/artifacts";

import { day, digest, head, named, rows } from "./sample-identity.ts";
import { specSha256 } from "./sample-research.ts";

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

/** All folds that 3,000 rows have under the usual windows. */
const FOLDS = Array.from({ length: 7 }, (_, fold) => ({
  fold,
  train: rows(200 + fold * 252, 1208 + fold * 252),
  test: rows(1213 + fold * 252, 1465 + fold * 252),
}));

export const walkForward: WalkForwardResults = {
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
      folds: FOLDS.map((of) => ({ ...of, trainSharpes: [0.9], chosen: 0, figures })),
      crossValidation: { folds: 5, labelRows: 5, embargoRows: 5, results: [] },
      trialSharpesPerRow: [0.05],
      outOfSample: figures,
    },
  ],
  portfolio: { figures, dates: [day, day], net: [0.01, -0.01] },
};

export const folds: FoldMetrics = {
  schemaVersion: "baton.fold-metrics.v1",
  ...head,
  inputs: named("research", "manifest", "plugin", "walkForward"),
  folds: FOLDS.map(({ fold, test }) => ({
    instrument: "AAA",
    fold,
    test,
    parameters: { fast: 10, slow: 50 },
    trainSharpe: 0.9,
    figures,
  })),
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

export const stress: StressMetrics = {
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

export const evaluation: EvaluationReport = {
  schemaVersion: "baton.evaluation-report.v1",
  ...head,
  inputs: named("research", "manifest", "plugin"),
  results: named("walkForward", "folds", "stress"),
  reproducibility: {
    code: digest("e"),
    runtime: "v24.21.0",
    spec: specSha256,
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
    barsPerYear: 252,
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
