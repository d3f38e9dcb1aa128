/** The whole backtest as one pure computation; neighbours do the parts, the lane does the reading and storing. */
import type { EvaluationReport, InstrumentWalkForward, WalkForwardResults } from "@baton/artifacts";
import {
  backtest,
  bootstrapBands,
  deflatedSharpe,
  type Figures,
  type StressCase,
  stressSuite,
  type StrategyPlugin,
  type WalkForward,
  walkForward,
} from "@baton/quant";
import { mean } from "simple-statistics";

import type { BacktestInput } from "./backtest-input.ts";
import { combined } from "./combination.ts";
import { datedRows } from "./dated-rows.ts";
import { neighbourhood, NEIGHBOUR_STEPS, neighboursOf } from "./neighbourhood.ts";
import { requireTargets, strategyOf } from "./strategy-of.ts";
import { type TargetsDigest, targetsDigest } from "./targets-digest.ts";
import {
  CROSS_VALIDATION,
  largest,
  runTrial,
  type TrialResult,
  type TrialRows,
  trialRows,
} from "./trials.ts";

/** What was computed, in the artifacts' own shapes where there is one. */
export interface BacktestResult {
  /** What the library asks for, trial by trial and in each one instrument by instrument. */
  readonly targets: readonly TargetsDigest[];
  readonly scheme: WalkForwardResults["scheme"];
  readonly instruments: readonly InstrumentWalkForward[];
  readonly portfolio: WalkForwardResults["portfolio"];
  readonly buyAndHold: Figures;
  readonly stress: readonly StressCase[];
  readonly chosen: EvaluationReport["chosen"];
  readonly deflatedSharpe: EvaluationReport["deflatedSharpe"];
  readonly crossValidatedSharpe: number | null;
  readonly bands: EvaluationReport["bands"];
  readonly neighbourhood: EvaluationReport["neighbourhood"];
}

/**
 * Computes everything about a candidate on its research rows; `step` hears what is being done.
 * Throws a QuantError on data or parameters that can't be evaluated, MissingTargets where an authored strategy must be asked first.
 */
export function computeBacktest(
  input: BacktestInput,
  step: (what: string) => void = () => {},
): BacktestResult {
  const { grid, costBps, barsPerYear, windows } = input;
  const plugin = strategyOf(input);
  const rows = input.instruments.map((of) => trialRows(of, windows));
  const targets: TargetsDigest[] = [];
  const trials = grid.map((parameters, k) => {
    step(`trial ${k + 1} of ${grid.length}`);
    const hear = (heard: readonly number[]) => void targets.push(targetsDigest(heard));
    return runTrial({ plugin, parameters, rows, costBps, barsPerYear, hear });
  });
  step("walk-forward");
  const walks = rows.map(({ bars }) =>
    walkForward({ panel: [bars], plugin, grid, bps: costBps, barsPerYear, windows }),
  );
  const instruments = rows.map((of, k) => instrumentResult(of, walkAt(walks, k), { trials, k }));
  step("portfolio and stress");
  const portfolio = portfolioResult(walks, input);
  step("neighbourhood");
  const chosen = rows.map((of, k) => chosenFor(of, { input, trials, k }));
  requireTargets(
    input,
    chosen.flatMap(({ parameters }) => neighboursOf(plugin, parameters)),
  );
  const near = neighbourhoods(plugin, input, chosen);
  step("bootstrap");
  const bands = bandsOf(portfolio.net, input);
  return {
    targets,
    scheme: walkAt(walks, 0).windows,
    instruments,
    portfolio: { figures: portfolio.figures, dates: portfolio.dates, net: portfolio.net },
    buyAndHold: portfolio.buyAndHold,
    stress: portfolio.stress,
    chosen,
    deflatedSharpe: deflatedSharpe({
      net: portfolio.net,
      trialSharpes: trials.map((trial) => trial.portfolioSharpePerRow),
    }),
    crossValidatedSharpe: meanSharpe(
      instruments.flatMap((of) => of.crossValidation.results.map((fold) => fold.testSharpe)),
    ),
    bands,
    neighbourhood: near,
  };
}

/** A fold without value earned nothing; if all are, there is no mean either. */
function meanSharpe(sharpes: readonly (number | null)[]): number | null {
  if (sharpes.every((sharpe) => sharpe === null)) return null;
  return mean(sharpes.map((sharpe) => sharpe ?? 0));
}

function walkAt(walks: readonly WalkForward[], k: number): WalkForward {
  const walk = walks[k];
  if (walk === undefined) throw new RangeError("a backtest needs an instrument");
  return walk;
}

function instrumentResult(
  { instrument, bars, folds }: TrialRows,
  walk: WalkForward,
  { trials, k }: { readonly trials: readonly TrialResult[]; readonly k: number },
): InstrumentWalkForward {
  return {
    instrument,
    research: datedRows(bars, { from: 0, to: bars.length }),
    folds: walk.folds.map(({ fold, train, test, trainSharpes, chosen, figures }) => ({
      fold,
      train: datedRows(bars, train),
      test: datedRows(bars, test),
      trainSharpes,
      chosen,
      figures,
    })),
    crossValidation: {
      ...CROSS_VALIDATION,
      results: folds.map(({ purged, embargoed }, fold) => {
        const ofFold = trials.map((trial) => trial.instruments[k]);
        const chosen = largest(ofFold.map((trial) => trial?.foldTrain[fold] ?? null));
        const testSharpe = ofFold[chosen]?.foldTest[fold] ?? null;
        return { chosen, testSharpe, purged, embargoed };
      }),
    },
    trialSharpesPerRow: walk.trials.map((trial) => trial.sharpePerRow),
    outOfSample: walk.figures,
  };
}

function portfolioResult(
  walks: readonly WalkForward[],
  { costBps: bps, barsPerYear }: Pick<BacktestInput, "costBps" | "barsPerYear">,
) {
  const components = walks.map(({ testPanel, testTargets }) => ({
    bars: testPanel[0] ?? [],
    targets: testTargets[0] ?? [],
  }));
  const { panel, targets } = combined(components);
  const always = combined(components.map(({ bars }) => ({ bars, targets: bars.map(() => 1) })));
  const { figures, holdings } = backtest({ panel, targets, bps, barsPerYear });
  return {
    figures,
    // The first row only carries the first target.
    dates: (panel[0] ?? []).slice(1).map(({ date }) => date),
    net: [...holdings.net],
    buyAndHold: backtest({ ...always, bps, barsPerYear }).figures,
    stress: stressSuite({ panel, targets, bps, barsPerYear }),
  };
}

function chosenFor(
  { instrument, bars, last }: TrialRows,
  of: {
    readonly input: BacktestInput;
    readonly trials: readonly TrialResult[];
    readonly k: number;
  },
): EvaluationReport["chosen"][number] {
  const { input, trials, k } = of;
  const sharpes = trials.map((trial) => trial.instruments[k]?.lastTrain ?? null);
  const index = largest(sharpes);
  return {
    instrument,
    share: 1 / input.instruments.length,
    index,
    parameters: input.grid[index] ?? {},
    train: datedRows(bars, last),
    trainSharpe: sharpes[index] ?? null,
  };
}

function neighbourhoods(
  plugin: StrategyPlugin,
  { instruments, costBps, barsPerYear }: BacktestInput,
  chosen: EvaluationReport["chosen"],
): EvaluationReport["neighbourhood"] {
  const measured = instruments.map((rows, k) =>
    neighbourhood({ plugin, rows, costBps, barsPerYear, chosen: chosen[k]?.parameters ?? {} }),
  );
  const medians = measured.flatMap((of) => (of.median === null ? [] : [of.median]));
  return {
    steps: [...NEIGHBOUR_STEPS],
    instruments: measured,
    robustness: medians.length < measured.length ? null : Math.min(...medians),
  };
}

function bandsOf(net: readonly number[], input: BacktestInput): EvaluationReport["bands"] {
  const { seed, bootstrapSamples: samples, holdoutRows, barsPerYear } = input;
  return {
    full: bootstrapBands({ net, seed, barsPerYear, samples }),
    holdout: bootstrapBands({ net, seed, barsPerYear, samples, horizonRows: holdoutRows }),
  };
}
