/** Artifacts of the stages before, as small as their schemas let them be; the data sets are the real ones. */
import { createHash } from "node:crypto";

import {
  type BacktestBands,
  type BacktestFigures,
  CandidateSpecArtifact,
  DatasetManifest,
  EvaluationReport,
  GateReport,
  LiveRampReport,
  ShadowPaperReport,
  StrategyPluginArtifact,
} from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import { linked } from "@baton/testkit";

export const CANDIDATE = "cand-0123456789ab";
export const RUN = "run-0123456789ab";
export const DAY = new Date("2026-01-05T12:00:00.000Z");
export const SOURCE = "ab".repeat(32);
const NDX = "04d01a3a5396d9ab69d4e4b6db21921c744dfe8946d9fca33cdebbab679f1d8b";
/** Rows that were held back. */
const ROWS = 60;

export type Target = "shadow" | "paper" | "live";
const range = (rows: number) => ({ rows, start: "2000-01-03", end: "2012-06-29" });
const figures: BacktestFigures = {
  rows: ROWS,
  total: 0.1,
  cagr: 0.1,
  volatility: 0.1,
  sharpe: 1,
  sortino: 1,
  maxDrawdown: -0.05,
  turnover: 2,
  turnoverPerYear: 2,
  trades: 2,
  cost: 0.001,
};

export function spec(target: Target = "paper") {
  return {
    schema: "baton.candidate.v1",
    name: "Test",
    thesis: "Slow changes go on for longer than people believe.",
    universe: [{ instrument: "NDX" }],
    strategy: { plugin: "sma-cross", grid: [{ fast: 50, slow: 200 }] },
    costBps: 5,
    regimes: [{ name: "any", expectation: "The same." }],
    expectation: { metric: "sharpe", atLeast: 0.1 },
    holdoutRows: ROWS,
    seed: 1,
    promotion: { target, notional: 1000 },
  } as const;
}

const specSha256 = (target: Target) => digest(canonicalJson(spec(target)));

function research(target: Target): CandidateSpecArtifact {
  return CandidateSpecArtifact.parse({
    schemaVersion: "baton.candidate-spec.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    iteration: 0,
    specSha256: specSha256(target),
    spec: spec(target),
    trials: [
      {
        index: 0,
        parameters: { fast: 50, slow: 200 },
        warmUpRows: 199,
        features: [{ name: "mean", definition: "mean of closes", lookbackRows: 200 }],
      },
    ],
    declaredTrials: 1,
    falsifiedIf: "the Sharpe ratio is below 0.1",
    datasets: [{ instrument: "NDX", sha256: NDX, research: range(6664), holdout: range(ROWS) }],
    fills: "close",
    delayRows: 1,
    feedback: [],
  });
}

export function manifest(sha256 = NDX): DatasetManifest {
  return DatasetManifest.parse({
    schemaVersion: "baton.dataset-manifest.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    barsPerYear: 252,
    spacingDays: 1,
    datasets: [
      {
        schemaVersion: "3.0.0",
        instrument: "NDX",
        source: "test",
        sha256,
        ...range(6724),
        calendarGaps: [],
        staleOpenRatio: 0,
        staleOpenRatioByYear: {},
        nullRate: 0,
        prices: "as-given",
        splits: [],
        realMoves: [],
        moves: { total: 0, listed: [] },
        droppedRows: 0,
        research: range(6664),
        holdout: range(ROWS),
      },
    ],
    holdoutRows: ROWS,
    fills: "close",
  });
}

function plugin(target: Target): StrategyPluginArtifact {
  return StrategyPluginArtifact.parse({
    schemaVersion: "baton.strategy-plugin.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    plugin: "sma-cross",
    scope: "one",
    sourceSha256: SOURCE,
    testSha256: "ef".repeat(32),
    specSha256: specSha256(target),
    parameterSchema: {},
    parameterSets: [
      { parameters: { fast: 50, slow: 200 }, warmUpRows: 199, bounds: { least: 0, most: 1 } },
    ],
    fills: "close",
    delayRows: 1,
  });
}

/** Bands whose 1 % edge of the total return is `p01`. */
function bands(p01: number): BacktestBands {
  const band = (low: number) => ({ p01: low, p05: low, p25: 0, p50: 0, p75: 0, p95: 9, p99: 9 });
  return {
    seed: 1,
    samples: 100,
    blockRows: 20,
    horizonRows: ROWS,
    sharpe: band(-9),
    total: band(p01),
    maxDrawdown: { ...band(-1), p50: -0.1 },
  };
}

const deflatedSharpe = {
  trials: 1,
  rows: 100,
  sharpe: 0.1,
  skew: 0,
  kurtosis: 3,
  trialVariance: 0,
  expectedMaximum: 0,
  probability: 0.9,
};
const alone = { instrument: "NDX", parameters: {}, sharpe: 1, neighbours: [] };
const neighbourhood = {
  steps: [0.1],
  instruments: [{ ...alone, median: null, least: null }],
  robustness: null,
};

function evaluation(target: Target, p01: number): EvaluationReport {
  const rows = { from: 0, to: 100, start: "2000-01-03", end: "2000-06-01" };
  return EvaluationReport.parse({
    schemaVersion: "baton.evaluation-report.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    inputs: [{ name: "build/plugin.json", sha256: SOURCE }],
    results: [{ name: "backtest/walkforward-results.json", sha256: SOURCE }],
    reproducibility: {
      code: "12".repeat(32),
      runtime: "v24.21.0",
      spec: specSha256(target),
      datasets: [{ instrument: "NDX", sha256: NDX }],
      plugin: { name: "sma-cross", source: SOURCE, targetsCompared: 1, targetsDiffering: 0 },
      seed: 1,
    },
    assumptions: {
      fill: "close",
      delayRows: 1,
      costBps: 5,
      allocation: "equal-weight",
      holdoutRows: ROWS,
      barsPerYear: 252,
    },
    data: [{ instrument: "NDX", sha256: NDX, rows: 6724, research: rows }],
    trials: { declared: 1, used: 1 },
    outOfSample: {
      start: "2000-01-03",
      end: "2000-06-01",
      figures,
      instruments: [{ instrument: "NDX", figures }],
      buyAndHold: figures,
    },
    chosen: [
      {
        instrument: "NDX",
        share: 1,
        index: 0,
        parameters: { fast: 50, slow: 200 },
        train: rows,
        trainSharpe: 1,
      },
    ],
    expectation: { metric: "sharpe", atLeast: 0.1, measured: 1 },
    deflatedSharpe,
    crossValidatedSharpe: 1,
    bands: { full: bands(p01), holdout: bands(p01) },
    neighbourhood,
  });
}

const walkForward = {
  schemaVersion: "baton.walkforward-results.v1",
  plugin: "sma-cross",
  costBps: 5,
  grid: [{ fast: 50, slow: 200 }],
  scheme: { firstRow: 200, trainRows: 1008, purgeRows: 5, embargoRows: 0, testRows: 252 },
  instruments: [
    {
      instrument: "NDX",
      research: { from: 0, to: 1465 },
      folds: [{ train: { from: 200, to: 1208 }, test: { from: 1213, to: 1465 } }],
    },
  ],
};

const foldMetrics = {
  schemaVersion: "baton.fold-metrics.v1",
  folds: [{ fold: 0, instrument: "NDX", test: { from: 1213, to: 1465 } }],
  leakage: { leastGapRows: 5 },
};

/** A gate report that passes. */
export function gate(stage: string, over: Partial<GateReport> = {}): GateReport {
  return GateReport.parse({
    schemaVersion: "baton.gate-report.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    stage,
    policyVersion: "test",
    verdict: "pass",
    gates: [{ gateId: "test", status: "pass", reasons: [] }],
    ...over,
  });
}

/** What rollout says after it saw `configHash` running at L0. */
export function rolledOut(configHash: string, target: Target = "paper") {
  const shadow = ShadowPaperReport.parse({
    ...gate("shadow-paper"),
    promotionTarget: target,
    inputs: [],
    level: "L0",
    configHash,
    sourceSha256: SOURCE,
    evaluation: {
      instruments: [
        {
          instrument: "NDX",
          sha256: NDX,
          holdout: { from: 0, to: ROWS, start: "2011-01-03", end: "2012-06-29" },
        },
      ],
      figures,
      bands: [{ figure: "total", measured: 0.1, low: -1, high: 1, place: "within" }],
      costs: {
        orders: 0,
        traded: 0,
        slippageBps: null,
        shortfallBps: null,
        churn: 0,
        divergenceBps: 0,
      },
      net: Array.from({ length: ROWS }, (_, row) => (row % 2 === 0 ? 0.002 : -0.001)),
    },
  });
  const ramp = LiveRampReport.parse({
    ...gate("live-ramp"),
    promotionTarget: target,
    inputs: [],
    level: "L0",
    configHash,
    steps: [],
    rolledBack: false,
  });
  return { "gates/shadow-paper.json": shadow, "gates/live-ramp.json": ramp };
}

/** Everything that was there before rollback-readiness; `p01` is the backtest's 1 % edge of the total return. */
export function promotable(
  target: Target = "paper",
  p01 = -1,
  candidateId = CANDIDATE,
): Record<string, unknown> {
  const artifacts = Object.entries({
    "research/candidate-spec.json": research(target),
    "research/dataset-manifest.json": manifest(),
    "build/plugin.json": plugin(target),
    "build/test-report.json": {
      schemaVersion: "baton.test-report.v1",
      sourceSha256: SOURCE,
      datasets: [{ instrument: "NDX", sha256: NDX, research: range(6664) }],
    },
    "backtest/evaluation-report.json": evaluation(target, p01),
    "backtest/walkforward-results.json": walkForward,
    "gates/fold-metrics-v1.json": foldMetrics,
    "gates/stress-metrics-v1.json": { schemaVersion: "baton.stress-metrics.v1" },
    "gates/gate-evaluation.json": gate("gate-evaluation"),
    "gates/promotion-prerequisites.json": gate("promotion-prerequisites"),
  });
  return linked(
    Object.fromEntries(
      artifacts.map(([name, value]) => [
        name,
        "candidateId" in value ? { ...value, candidateId } : value,
      ]),
    ),
  );
}

/** SHA-256 in hex. */
export function digest(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
