/** Inputs of a backtest for tests: made-up prices, a plugin's source, and the artifacts that lanes A and B would write. */
import { createHash } from "node:crypto";

import {
  CandidateSpec,
  type CandidateSpecArtifact,
  type DatasetManifest,
  type Parameters,
  type StrategyPluginArtifact,
} from "@baton/artifacts";
import { canonicalJson, type WalkForwardChoice } from "@baton/contracts";
import {
  type Dataset,
  datasetFrom,
  manifestOf,
  type MarketData,
  MarketError,
  onSharedDates,
  staleOpens,
} from "@baton/market";
import type { Bar } from "@baton/quant";
import { CHILD_SHA256 } from "@baton/strategy-runner";
import { type GeneratedPlugin, generatePlugin } from "@baton/templates";

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

export const CANDIDATE = "cand-0123456789ab";
export const RUN = "run-0123456789ab";

/** Weekdays with a slow wave, a drift and noise; another seed gives another instrument. */
export function sampleBars(rows: number, seed = 1, start = "2001-01-01"): Bar[] {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const bars: Bar[] = [];
  let close = 100;
  for (let day = Date.parse(start); bars.length < rows; day += 86_400_000) {
    const date = new Date(day);
    if (date.getUTCDay() === 0 || date.getUTCDay() === 6) continue;
    const open = close;
    const wave = Math.sin(bars.length / 70) * 0.002;
    close *= 1 + 0.0003 + wave + (random() - 0.5) * 0.02;
    bars.push({
      date: date.toISOString().slice(0, 10),
      open,
      high: Math.max(open, close),
      low: Math.min(open, close),
      close,
      volume: 1,
    });
  }
  return bars;
}

/** Data sets in memory, with digests of their bars. */
export function sampleMarket(series: Readonly<Record<string, readonly Bar[]>>): MarketData {
  return {
    async load(instrument) {
      const bars = series[instrument];
      if (bars === undefined)
        throw new MarketError({
          code: "E_UNAVAILABLE",
          class: "transient",
          where: instrument,
          value: instrument,
          rule: "it answers",
          action: "try again",
        });
      return described(instrument, bars);
    },
  };
}

const described = (instrument: string, bars: readonly Bar[]): Dataset =>
  datasetFrom(
    { bars, staleOpens: staleOpens(bars) },
    {
      instrument,
      source: "made up",
      sha256: sha256(JSON.stringify(bars)),
      nullRate: 0,
      prices: "as-given",
      format: undefined,
      splits: [],
      realMoves: [],
    },
  );

/** What a test may choose. */
export interface SampleOptions {
  readonly series: Readonly<Record<string, readonly Bar[]>>;
  readonly grid?: readonly Parameters[];
  /** Folder of the templates that the strategy is made from; the built-in one by default. */
  readonly templates?: string;
  readonly holdoutRows?: number;
  /** Windows of its own. */
  readonly walkForward?: WalkForwardChoice;
  /** Source of an authored strategy, in place of the library's. */
  readonly source?: string;
  readonly warmUpRows?: number;
}

/** A specification and the artifacts made of it, each as lanes A and B write them. */
export async function sampleInputs(options: SampleOptions) {
  const { series, holdoutRows = 100, walkForward } = options;
  const grid = options.grid ?? [
    { fast: 10, slow: 50 },
    { fast: 20, slow: 100 },
  ];
  const spec = CandidateSpec.parse({
    schema: "baton.candidate.v1",
    name: "Sample",
    thesis: "What rose for a while goes on rising for a while.",
    universe: Object.keys(series).map((instrument) => ({ instrument })),
    strategy: strategyOf(options, grid),
    regimes: [{ name: "any", expectation: "Follows the wave." }],
    expectation: { metric: "sharpe", atLeast: 0.1 },
    holdoutRows,
    walkForward,
    promotion: { target: "shadow", notional: 1000 },
  });
  const manifest = sampleManifest(series, holdoutRows);
  const research = researchOf(spec, manifest);
  const made = await madeOf(spec, options);
  const plugin = pluginOf(research, made);
  return { spec, manifest, research, plugin, source: made.source };
}

function strategyOf({ source, warmUpRows = 99 }: SampleOptions, grid: readonly Parameters[]) {
  if (source === undefined) return { plugin: "sma-cross", grid };
  const named = { sha256: sha256(source), bytes: source.length };
  return { plugin: "authored", grid, authored: { source: named, warmUpRows } };
}

type Made = Pick<GeneratedPlugin, "source" | "sourceSha256" | "testSha256">;

async function madeOf(spec: CandidateSpec, { source, templates }: SampleOptions): Promise<Made> {
  if (source === undefined) return generatePlugin({ candidateId: CANDIDATE, spec }, templates);
  return { source, sourceSha256: sha256(source), testSha256: CHILD_SHA256 };
}

/** The artifacts by the names that a stage reads them under. */
export function asArtifacts(of: Omit<Awaited<ReturnType<typeof sampleInputs>>, "spec">) {
  return {
    "research/candidate-spec.json": of.research,
    "research/dataset-manifest.json": of.manifest,
    "build/plugin.json": of.plugin,
    "build/plugin-source.ts": of.source,
  };
}

function sampleManifest(
  series: Readonly<Record<string, readonly Bar[]>>,
  holdoutRows: number,
): DatasetManifest {
  return {
    schemaVersion: "baton.dataset-manifest.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    ...manifestOf(
      onSharedDates(Object.entries(series).map(([name, bars]) => described(name, bars))),
      holdoutRows,
    ),
    fills: "close",
  };
}

function researchOf(spec: CandidateSpec, manifest: DatasetManifest): CandidateSpecArtifact {
  return {
    schemaVersion: "baton.candidate-spec.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    iteration: 0,
    specSha256: sha256(canonicalJson(spec)),
    spec,
    trials: spec.strategy.grid.map((parameters, index) => ({
      index,
      parameters,
      warmUpRows: spec.strategy.authored?.warmUpRows ?? (parameters["slow"] ?? 0) - 1,
      features: [{ name: "close", definition: "the close", lookbackRows: 0 }],
    })),
    declaredTrials: spec.strategy.grid.length,
    falsifiedIf: "the Sharpe ratio is below 0.1",
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

function pluginOf(
  { spec, specSha256, trials }: CandidateSpecArtifact,
  { sourceSha256, testSha256 }: Made,
): StrategyPluginArtifact {
  return {
    schemaVersion: "baton.strategy-plugin.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    plugin: spec.strategy.plugin,
    scope: "one",
    sourceSha256,
    testSha256,
    specSha256,
    parameterSchema: {},
    parameterSets: trials.map(({ parameters, warmUpRows }) => ({
      parameters,
      warmUpRows,
      bounds: { least: 0, most: 1 },
    })),
    fills: "close",
    delayRows: 1,
  };
}
