/** The artifacts of a run that lane E would find, made from the real NASDAQ-100 data; only the gates are made up. */
import { createHash } from "node:crypto";

import {
  CandidateSpec,
  type CandidateSpecArtifact,
  type DatasetManifest,
  type StrategyPluginArtifact,
} from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import {
  builtInMarketData,
  type Dataset,
  manifestOf as described,
  onSharedDates,
} from "@baton/market";
import { backtest, bootstrapBands, findPlugin } from "@baton/quant";
import { linked } from "@baton/testkit";

export const sha256 = (bytes: string | Uint8Array) =>
  createHash("sha256").update(bytes).digest("hex");

/** Source as lane B would have pushed it. */
export const SOURCE = "export const name = 'sma-cross';\n";
const PARAMETERS = { fast: 50, slow: 200 };
const COST_BPS = 5;

/** What a test may choose. */
export interface SampleRunOptions {
  readonly target?: "shadow" | "paper" | "live";
  readonly name?: string;
  readonly datasets?: readonly Dataset[];
  readonly holdoutRows?: number;
}

function manifestOf(of: Ids, datasets: readonly Dataset[], holdoutRows: number): DatasetManifest {
  return {
    schemaVersion: "baton.dataset-manifest.v1",
    candidateId: of.candidateId,
    runId: of.runId,
    ...described(onSharedDates(datasets), holdoutRows),
    fills: "close",
  };
}

interface Ids {
  readonly candidateId: string;
  readonly runId: string;
}

function researchOf(
  of: Ids,
  spec: CandidateSpec,
  manifest: DatasetManifest,
): CandidateSpecArtifact {
  return {
    schemaVersion: "baton.candidate-spec.v1",
    ...of,
    iteration: 0,
    specSha256: sha256(canonicalJson(spec)),
    spec,
    trials: [
      {
        index: 0,
        parameters: PARAMETERS,
        warmUpRows: 199,
        features: [{ name: "average", definition: "mean of closes", lookbackRows: 199 }],
      },
    ],
    declaredTrials: 1,
    falsifiedIf: "The Sharpe ratio is below 0.4.",
    datasets: manifest.datasets.map(({ instrument, sha256: digest, research, holdout }) => ({
      instrument,
      sha256: digest,
      research,
      holdout,
    })),
    fills: "close",
    delayRows: 1,
    feedback: [],
  };
}

function pluginOf(of: Ids, specSha256: string): StrategyPluginArtifact {
  return {
    schemaVersion: "baton.strategy-plugin.v1",
    ...of,
    plugin: "sma-cross",
    scope: "one",
    sourceSha256: sha256(SOURCE),
    testSha256: sha256("test"),
    specSha256,
    parameterSchema: {},
    parameterSets: [{ parameters: PARAMETERS, warmUpRows: 199, bounds: { least: 0, most: 1 } }],
    fills: "close",
    delayRows: 1,
  };
}

/** The research rows' net returns: what the bands are drawn from. */
function researchNet({ bars }: Dataset, holdoutRows: number) {
  const rows = bars.slice(0, -holdoutRows);
  const targets = findPlugin("sma-cross").bind(PARAMETERS).targets([rows]);
  return backtest({ panel: [rows], targets, bps: COST_BPS, barsPerYear: 252 });
}

function evaluationOf(
  of: Ids,
  specSha256: string,
  { datasets, holdoutRows }: { datasets: readonly Dataset[]; holdoutRows: number },
) {
  const [first] = datasets;
  if (first === undefined) throw new RangeError("a run needs data");
  const { holdings } = researchNet(first, holdoutRows);
  const net = [...holdings.net];
  const bands = { seed: 1, net, barsPerYear: 252 };
  const report = {
    schemaVersion: "baton.evaluation-report.v1",
    ...of,
    reproducibility: {
      code: sha256("code"),
      runtime: "v24",
      seed: 1,
      datasets: datasets.map(({ manifest }) => ({
        instrument: manifest.instrument,
        sha256: manifest.sha256,
      })),
      spec: specSha256,
      plugin: {
        name: "sma-cross",
        source: sha256(SOURCE),
        targetsCompared: 1000,
        targetsDiffering: 0,
      },
    },
    assumptions: {
      fill: "close",
      delayRows: 1,
      costBps: COST_BPS,
      allocation: "equal-weight",
      holdoutRows,
      barsPerYear: 252,
    },
    data: datasets.map(({ manifest }) => ({
      instrument: manifest.instrument,
      sha256: manifest.sha256,
      rows: 1,
      research: rows,
    })),
    chosen: datasets.map(({ manifest, bars }) => ({
      instrument: manifest.instrument,
      share: 1 / datasets.length,
      index: 0,
      parameters: PARAMETERS,
      train: { from: 0, to: 1008, start: bars[0]?.date, end: bars[1007]?.date },
      trainSharpe: 1,
    })),
    bands: {
      full: bootstrapBands(bands),
      holdout: bootstrapBands({ ...bands, horizonRows: holdoutRows }),
    },
  };
  return { report, net };
}

/** A gate report that passed, with one gate. */
export const passed = ({ candidateId, runId }: Ids, stage: string) => ({
  schemaVersion: "baton.gate-report.v1",
  candidateId,
  runId,
  stage,
  policyVersion: "test",
  verdict: "pass",
  gates: [{ gateId: "one", status: "pass", reasons: [] }],
});

const digests = [{ name: "research/candidate-spec.json", sha256: sha256("spec") }];
const figures = {
  rows: 1,
  total: 0,
  cagr: 0,
  volatility: 0,
  sharpe: 0,
  sortino: 0,
  maxDrawdown: 0,
  turnover: 0,
  turnoverPerYear: 0,
  trades: 0,
  cost: 0,
};
const rows = { from: 0, to: 1, start: "2000-01-03", end: "2000-01-03" };

/** Parts of the backtest's report that lane E doesn't read but its schema asks for. */
const UNREAD = {
  inputs: digests,
  results: digests,
  trials: { declared: 1, used: 1 },
  outOfSample: {
    start: "2000-01-03",
    end: "2000-01-03",
    figures,
    instruments: [{ instrument: "NDX", figures }],
    buyAndHold: figures,
  },
  expectation: { metric: "sharpe", atLeast: 0.4, measured: 0.5 },
  deflatedSharpe: {
    trials: 1,
    rows: 1,
    sharpe: 0,
    skew: 0,
    kurtosis: 3,
    trialVariance: 0,
    expectedMaximum: 0,
    probability: 0.5,
  },
  crossValidatedSharpe: 0.5,
  neighbourhood: {
    steps: [0.1],
    instruments: [
      {
        instrument: "NDX",
        parameters: PARAMETERS,
        sharpe: 0.5,
        neighbours: [],
        median: null,
        least: null,
      },
    ],
    robustness: null,
  },
} as const;

function walkForwardOf(of: Ids, net: readonly number[]) {
  const fold = {
    fold: 0,
    train: { ...rows, from: 200, to: 1208 },
    test: { ...rows, from: 1213, to: 1465 },
    trainSharpes: [1],
    chosen: 0,
    figures,
  };
  return {
    schemaVersion: "baton.walkforward-results.v1",
    ...of,
    inputs: digests,
    plugin: "sma-cross",
    costBps: COST_BPS,
    scheme: { firstRow: 200, trainRows: 1008, purgeRows: 5, embargoRows: 0, testRows: 252 },
    grid: [PARAMETERS],
    instruments: [
      {
        instrument: "NDX",
        dataset: sha256("data"),
        research: { ...rows, to: 1465 },
        folds: [fold],
        crossValidation: {
          folds: 2,
          labelRows: 5,
          embargoRows: 5,
          results: [{ chosen: 0, testSharpe: 0, purged: 0, embargoed: 0 }],
        },
        trialSharpesPerRow: [0],
        outOfSample: figures,
      },
    ],
    portfolio: { figures, dates: net.map(() => "2000-01-03"), net },
  };
}

/** Artifacts of lanes A to D by name. */
function artifactsOf(
  ids: Ids,
  spec: CandidateSpec,
  of: { datasets: readonly Dataset[]; holdoutRows: number },
): Record<string, unknown> {
  const manifest = manifestOf(ids, of.datasets, of.holdoutRows);
  const research = researchOf(ids, spec, manifest);
  const { report, net } = evaluationOf(ids, research.specSha256, of);
  const sourceSha256 = sha256(SOURCE);
  const testSha256 = sha256("test");
  return linked({
    "research/candidate-spec.json": research,
    "research/dataset-manifest.json": manifest,
    "build/plugin.json": pluginOf(ids, research.specSha256),
    "build/test-report.json": {
      schemaVersion: "baton.test-report.v1",
      ...ids,
      sourceSha256,
      testSha256,
      datasets: manifest.datasets,
      secondOpinion: "library 1.0.0",
      passed: 1,
      failed: 0,
      tests: [{ name: "looks back only", result: "pass", message: null }],
    },
    "build/catalog-entry.json": {
      schemaVersion: "baton.catalog-entry.v1",
      strategyId: `sma-cross-${ids.candidateId}`,
      version: sourceSha256.slice(0, 12),
      title: spec.name,
      plugin: "sma-cross",
      instruments: spec.universe.map(({ instrument }) => instrument),
      path: `strategies/${ids.candidateId}/strategy.ts`,
      sourceSha256,
      parameterSets: [PARAMETERS],
    },
    "backtest/evaluation-report.json": { ...UNREAD, ...report },
    "backtest/walkforward-results.json": walkForwardOf(ids, net),
    "gates/fold-metrics-v1.json": {
      schemaVersion: "baton.fold-metrics.v1",
      folds: [],
      leakage: { leastGapRows: 5 },
    },
    "gates/stress-metrics-v1.json": { schemaVersion: "baton.stress-metrics.v1" },
    "gates/gate-evaluation.json": passed(ids, "gate-evaluation"),
  });
}

let names = 0;

/** A candidate that was never seen, and the artifacts of its run up to the gates before shadow-paper. */
export async function sampleRun(options: SampleRunOptions = {}) {
  const { target = "paper", holdoutRows = 252 } = options;
  names += 1;
  const signal = new AbortController().signal;
  const datasets = options.datasets ?? [await builtInMarketData().load("NDX", signal)];
  const spec = CandidateSpec.parse({
    schema: "baton.candidate.v1",
    name: options.name ?? `Sample ${process.pid} ${names}`,
    thesis: "What rose for a while goes on rising for a while.",
    universe: datasets.map(({ manifest }) => ({ instrument: manifest.instrument })),
    strategy: { plugin: "sma-cross", grid: [PARAMETERS] },
    costBps: COST_BPS,
    regimes: [{ name: "any", expectation: "Follows the trend." }],
    expectation: { metric: "sharpe", atLeast: 0.4 },
    holdoutRows,
    promotion: { target, notional: 100_000 },
  });
  const candidateId = `cand-${sha256(canonicalJson(spec)).slice(0, 12)}`;
  const ids = { candidateId, runId: `run-${sha256(candidateId).slice(0, 12)}` };
  const promoted: Record<string, unknown> = {
    "gates/promotion-prerequisites.json": passed(ids, "promotion-prerequisites"),
    "gates/rollback-readiness.json": passed(ids, "rollback-readiness"),
    "gates/policy-dry-run.json": passed(ids, "policy-dry-run"),
  };
  return { ...ids, spec, inputs: artifactsOf(ids, spec, { datasets, holdoutRows }), promoted };
}

export type SampleRun = Awaited<ReturnType<typeof sampleRun>>;
