/**
 * Lane C: walk-forward, stress and robustness of a built plugin on the rows that research may see.
 *
 * B1: nothing is tried that wasn't declared, and no held-back row is loaded into a computation.
 * B2: the same inputs give the same bytes: the only randomness comes from the specification's seed.
 */
import {
  defineLane,
  done,
  type LaneDefinition,
  type StageContext,
  StageFailure,
  type StageOutcome,
} from "@baton/lanekit";
import { loadResearchData, type MarketData, windowsOf } from "@baton/market";
import type { Sandbox } from "@baton/sandbox";

import { authoredBacktest } from "./authored-backtest.ts";
import type { BacktestInput } from "./backtest-input.ts";
import { codeDigest } from "./code-digest.ts";
import type { BacktestResult } from "./compute-backtest.ts";
import { storeEvaluation } from "./evaluation-artifacts.ts";
import { readResearchInputs, type ResearchInputs, trialGrid } from "./research-inputs.ts";
import { type BacktestOutcome, type Refusal, runBacktest } from "./run-backtest.ts";
import { compareTargets, ownSource } from "./strategy-source.ts";

/** Resampled paths per band, unless the candidate's drill asks for more. */
export const BOOTSTRAP_SAMPLES = 500;

/** Where prices come from when the candidate doesn't bring them itself. */
type OpenMarket = () => MarketData;

/** What can be bound differently from the service's defaults. */
export interface BacktestOptions {
  /** Prices of instruments that the candidate doesn't bring itself; the built-in ones by default. */
  readonly market?: OpenMarket;
  /** Another folder of templates than the one that strategies are built from. */
  readonly templates?: string;
  /** Where the built strategy is run. */
  readonly sandbox: Sandbox;
}

async function evaluate(context: StageContext, options: BacktestOptions): Promise<StageOutcome> {
  context.progress("reading inputs");
  const inputs = await readResearchInputs(context);
  const source = await ownSource(context, inputs, options.templates);
  const { universe } = inputs.research.spec;
  const market = options.market?.();
  const bars = await loadResearchData({ universe, store: context, market }, inputs.manifest);
  const input = backtestInput(inputs, bars);
  const { result, compared } = await computed(context, { inputs, input, source }, options);
  context.progress("storing artifacts");
  const code = await codeDigest();
  const report = await storeEvaluation(context, { inputs, input, result, compared, code });
  const { figures, start, end } = report.outOfSample;
  return done(
    `Sharpe ${figures.sharpe?.toFixed(2) ?? "without value"}, drawdown ${(figures.maxDrawdown * 100).toFixed(1)} % out of sample ${start} to ${end}; ${report.trials.used} declared trials`,
  );
}

function backtestInput(
  inputs: ResearchInputs,
  instruments: BacktestInput["instruments"],
): BacktestInput {
  const { research, manifest } = inputs;
  const { spec } = research;
  return {
    plugin: spec.strategy.plugin,
    grid: trialGrid(inputs),
    costBps: spec.costBps,
    seed: spec.seed,
    bootstrapSamples: spec.drills?.bootstrapSamples ?? BOOTSTRAP_SAMPLES,
    holdoutRows: manifest.holdoutRows,
    barsPerYear: manifest.barsPerYear,
    windows: windowsOf(spec),
    instruments,
  };
}

interface Computed {
  readonly result: BacktestResult;
  /** Targets of the built strategy that were compared; all were the same. */
  readonly compared: number;
}

async function computed(
  context: StageContext,
  of: { readonly inputs: ResearchInputs; readonly input: BacktestInput; readonly source: string },
  { sandbox }: BacktestOptions,
): Promise<Computed> {
  const { inputs, input, source } = of;
  const { signal } = context;
  const progress = (step: string) => context.progress(step);
  const compute = (from: BacktestInput) => runBacktest(from, { signal, step: progress });
  const { authored: declared } = inputs.research.spec.strategy;
  if (declared !== undefined) {
    const parts = { sandbox, signal, declared, compute, progress };
    const { outcome, compared } = await authoredBacktest(source, input, parts);
    return { result: resultOf(outcome), compared };
  }
  const result = resultOf(await compute(input));
  progress("running the built strategy");
  const expected = { input, expected: result.targets };
  return { result, ...(await compareTargets(source, expected, { sandbox, signal })) };
}

function resultOf(outcome: BacktestOutcome): BacktestResult {
  if (outcome.kind === "done") return outcome.result;
  if (outcome.kind === "refused") throw refusalFailure(outcome.refusal);
  throw new Error("a strategy of the library has targets for every set");
}

function refusalFailure({ code, message, action }: Refusal): StageFailure {
  return new StageFailure({ class: "spec", code, message, action });
}

/** The lane of stage backtest-robustness. */
export function backtestLane(options: BacktestOptions): LaneDefinition {
  return defineLane({
    lane: "lane-c",
    stages: { "backtest-robustness": (context) => evaluate(context, options) },
  });
}
