/** A candidate, and what honest lanes write about it. */
import type { ArtifactRef } from "@baton/contracts";

import type { Root } from "../contradiction.ts";
import { declaredSets, normalSpec, specDigest } from "../specification.ts";

const CANDIDATE = "cand-0123456789ab";
const RUN = "run-0123456789ab";
export const digest = (letter: string) => letter.repeat(64);

export const SUBMITTED = {
  schema: "baton.candidate.v1",
  name: "Sample",
  thesis: "What rose goes on rising for a while.",
  universe: [{ instrument: "SPX" }, { instrument: "OWN", csv: { sha256: digest("c"), bytes: 9 } }],
  strategy: { plugin: "tsmom", grid: [{ lookbackRows: 100 }, { lookbackRows: 252 }] },
  regimes: [{ name: "any", expectation: "Earns." }],
  expectation: { metric: "sharpe", atLeast: 0.4 },
  promotion: { target: "shadow", notional: 1000 },
};
const spec = normalSpec(SUBMITTED);
if (spec === undefined) throw new Error("the sample is a specification");
const sets = declaredSets(spec.strategy) ?? [];
const specSha256 = specDigest(spec);
const parameters = sets.map((set) => set.parameters);

const refs = [
  ["research/candidate-spec.json", "1"],
  ["build/plugin-source.ts", "5"],
  ["gates/gate-evaluation.json", "9"],
].map(([name = "", letter = ""]): ArtifactRef => ref(name, letter));

export function ref(name: string, letter = "0"): ArtifactRef {
  return { name, sha256: digest(letter), bytes: 1, stage: "some-stage", runId: RUN };
}

export const root: Root = { candidateId: CANDIDATE, runId: RUN, spec: SUBMITTED, artifacts: refs };
const ids = { candidateId: CANDIDATE, runId: RUN };
const rows = { from: 0, to: 100, start: "2001-01-02", end: "2001-06-01" };
const range = (count: number) => ({ rows: count, start: "2001-01-02", end: "2001-06-01" });
const data = [
  { instrument: "SPX", sha256: digest("d") },
  { instrument: "OWN", sha256: digest("c") },
];
const cut = data.map((of) => ({ ...of, research: range(2000), holdout: range(252) }));

/** All folds that 2,000 rows have under the usual windows. */
export const folds = [0, 1, 2].map((fold) => ({
  fold,
  train: { ...rows, from: 200 + fold * 252, to: 1208 + fold * 252 },
  test: { ...rows, from: 1213 + fold * 252, to: 1465 + fold * 252 },
}));
export const walked = data.map(({ instrument }) => ({
  instrument,
  research: { ...rows, to: 2000 },
  folds,
}));

/** What honest lanes write about the sample, as far as it follows from the specification. */
export const HONEST: Readonly<Record<string, Record<string, unknown>>> = {
  "research/candidate-spec.json": {
    schemaVersion: "baton.candidate-spec.v1",
    ...ids,
    specSha256,
    spec,
    trials: sets.map((set, index) => ({
      index,
      parameters: set.parameters,
      warmUpRows: set.warmUpRows,
      features: [{ name: "close", definition: "the close", lookbackRows: 0 }],
    })),
    declaredTrials: 2,
    datasets: cut,
  },
  "research/dataset-manifest.json": {
    schemaVersion: "baton.dataset-manifest.v1",
    ...ids,
    barsPerYear: 252,
    spacingDays: 1,
    holdoutRows: 252,
    datasets: cut.map((of) => ({
      schemaVersion: "3.0.0",
      source: "somewhere",
      ...range(2252),
      calendarGaps: [],
      staleOpenRatio: 0,
      staleOpenRatioByYear: {},
      nullRate: 0,
      prices: "as-given",
      splits: [],
      realMoves: [],
      moves: { total: 0, listed: [] },
      droppedRows: 0,
      ...of,
    })),
  },
  "build/plugin.json": {
    schemaVersion: "baton.strategy-plugin.v1",
    ...ids,
    plugin: "tsmom",
    sourceSha256: digest("5"),
    specSha256,
    parameterSets: sets,
  },
  "build/test-report.json": {
    schemaVersion: "baton.test-report.v1",
    ...ids,
    sourceSha256: digest("5"),
    datasets: cut,
  },
  "build/catalog-entry.json": {
    schemaVersion: "baton.catalog-entry.v1",
    strategyId: `tsmom-${CANDIDATE}`,
    version: "5".repeat(12),
    path: `strategies/${CANDIDATE}/strategy.ts`,
    title: "Sample",
    plugin: "tsmom",
    instruments: ["SPX", "OWN"],
    sourceSha256: digest("5"),
    parameterSets: parameters,
  },
  "backtest/walkforward-results.json": {
    schemaVersion: "baton.walkforward-results.v1",
    ...ids,
    plugin: "tsmom",
    costBps: 5,
    grid: parameters,
    inputs: [{ name: "research/candidate-spec.json", sha256: digest("1") }],
    scheme: { firstRow: 200, trainRows: 1008, purgeRows: 5, embargoRows: 0, testRows: 252 },
    instruments: walked,
  },
  "backtest/evaluation-report.json": {
    schemaVersion: "baton.evaluation-report.v1",
    ...ids,
    reproducibility: {
      code: digest("e"),
      runtime: "v24",
      spec: specSha256,
      seed: 1,
      datasets: data,
      plugin: { name: "tsmom", source: digest("5"), targetsCompared: 1, targetsDiffering: 0 },
    },
    assumptions: {
      fill: "close",
      delayRows: 1,
      costBps: 5,
      allocation: "equal-weight",
      holdoutRows: 252,
      barsPerYear: 252,
    },
    data: data.map((of) => ({ ...of, rows: 2252, research: rows })),
    trials: { declared: 2, used: 2 },
    chosen: data.map(({ instrument }) => ({
      instrument,
      share: 0.5,
      index: 1,
      parameters: parameters[1],
      train: rows,
      trainSharpe: 1,
    })),
    expectation: { metric: "sharpe", atLeast: 0.4, measured: 0.5 },
  },
  "gates/fold-metrics-v1.json": {
    schemaVersion: "baton.fold-metrics.v1",
    ...ids,
    folds: folds.map((of) => ({ instrument: "SPX", ...of })),
    leakage: { leastGapRows: 5 },
  },
  "gates/stress-metrics-v1.json": { schemaVersion: "baton.stress-metrics.v1", ...ids },
  "gates/gate-evaluation.json": {
    schemaVersion: "baton.gate-report.v1",
    ...ids,
    promotionTarget: "shadow",
  },
  "gates/shadow-paper.json": {
    schemaVersion: "baton.gate-report.v1",
    ...ids,
    promotionTarget: "shadow",
    sourceSha256: digest("5"),
    inputs: [{ name: "gates/gate-evaluation.json", sha256: digest("9") }],
  },
  "gates/live-ramp.json": {
    schemaVersion: "baton.gate-report.v1",
    ...ids,
    promotionTarget: "shadow",
    steps: [{ notional: 1000 }],
  },
};
