/** Stores what a backtest found: four artifacts, each with the digests of what it was made from. */
import type {
  EvaluationReport,
  FoldMetrics,
  InputDigest,
  StressMetrics,
  WalkForwardResults,
} from "@baton/artifacts";
import type { StageContext } from "@baton/lanekit";

import type { BacktestInput } from "./backtest-input.ts";
import type { BacktestResult } from "./compute-backtest.ts";
import { foldMetrics } from "./fold-metrics.ts";
import type { ResearchInputs } from "./research-inputs.ts";
import { stressMetrics } from "./stress-metrics.ts";

/** What the artifacts are written from. */
export interface Evaluated {
  readonly inputs: ResearchInputs;
  readonly input: BacktestInput;
  readonly result: BacktestResult;
  /** Targets of the built strategy that were compared with the library's; all were the same. */
  readonly compared: number;
  /** Digest of the code that computed the result. */
  readonly code: string;
}

/** Stores all four artifacts and returns the report. */
export async function storeEvaluation(
  context: StageContext,
  evaluated: Evaluated,
): Promise<EvaluationReport> {
  const { candidateId, runId } = context;
  const head = { candidateId, runId, inputs: evaluated.inputs.digests };
  const walk = walkForwardResults(evaluated);
  const results: InputDigest[] = [];
  const put = async (name: string, value: unknown) => {
    const { sha256 } = await context.putJson(name, value);
    results.push({ name, sha256 });
  };
  await put("backtest/walkforward-results.json", {
    schemaVersion: "baton.walkforward-results.v1",
    ...head,
    ...walk,
  } satisfies WalkForwardResults);
  const from = { ...head, inputs: [...head.inputs, ...results] };
  await put("gates/fold-metrics-v1.json", {
    schemaVersion: "baton.fold-metrics.v1",
    ...from,
    ...foldMetrics({
      instruments: walk.instruments,
      grid: walk.grid,
      researchRows: Object.fromEntries(
        evaluated.inputs.manifest.datasets.map(({ instrument, research }) => [
          instrument,
          research.rows,
        ]),
      ),
    }),
  } satisfies FoldMetrics);
  await put("gates/stress-metrics-v1.json", {
    schemaVersion: "baton.stress-metrics.v1",
    ...from,
    ...stressMetrics(evaluated.result.stress),
  } satisfies StressMetrics);
  const report: EvaluationReport = {
    schemaVersion: "baton.evaluation-report.v1",
    ...head,
    results,
    ...evaluationOf(evaluated),
  };
  await context.putJson("backtest/evaluation-report.json", report);
  return report;
}

function walkForwardResults({ input, result }: Evaluated) {
  return {
    plugin: input.plugin,
    costBps: input.costBps,
    scheme: result.scheme,
    grid: [...input.grid],
    instruments: [...result.instruments],
    portfolio: result.portfolio,
  };
}

type Evaluation = Omit<
  EvaluationReport,
  "schemaVersion" | "candidateId" | "runId" | "inputs" | "results"
>;

function evaluationOf(evaluated: Evaluated): Evaluation {
  const { inputs, result } = evaluated;
  const { research, manifest } = inputs;
  const { metric, atLeast } = research.spec.expectation;
  const { portfolio } = result;
  return {
    reproducibility: reproducibilityOf(evaluated),
    assumptions: {
      fill: research.fills,
      delayRows: research.delayRows,
      costBps: research.spec.costBps,
      allocation: "equal-weight",
      holdoutRows: manifest.holdoutRows,
      barsPerYear: manifest.barsPerYear,
    },
    data: result.instruments.map(({ instrument, research: rows }) => {
      const dataset = manifest.datasets.find((of) => of.instrument === instrument);
      if (dataset === undefined) throw new RangeError(`${instrument} isn't in the manifest`);
      return { instrument, sha256: dataset.sha256, rows: dataset.rows, research: rows };
    }),
    trials: { declared: research.declaredTrials, used: evaluated.input.grid.length },
    outOfSample: {
      start: portfolio.dates[0] ?? "",
      end: portfolio.dates.at(-1) ?? "",
      figures: portfolio.figures,
      instruments: result.instruments.map(({ instrument, outOfSample }) => ({
        instrument,
        figures: outOfSample,
      })),
      buyAndHold: result.buyAndHold,
    },
    chosen: result.chosen,
    expectation: { metric, atLeast, measured: portfolio.figures[metric] },
    deflatedSharpe: result.deflatedSharpe,
    crossValidatedSharpe: result.crossValidatedSharpe,
    bands: result.bands,
    neighbourhood: result.neighbourhood,
  };
}

function reproducibilityOf({
  inputs,
  input,
  compared,
  code,
}: Evaluated): EvaluationReport["reproducibility"] {
  const { research, plugin } = inputs;
  return {
    code,
    runtime: process.version,
    spec: research.specSha256,
    datasets: research.datasets.map(({ instrument, sha256 }) => ({ instrument, sha256 })),
    plugin: {
      name: plugin.plugin,
      source: plugin.sourceSha256,
      targetsCompared: compared,
      targetsDiffering: 0,
    },
    seed: input.seed,
  };
}
