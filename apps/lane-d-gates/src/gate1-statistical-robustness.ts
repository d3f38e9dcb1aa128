import type { GateCheck } from "@baton/artifacts";
import type { WalkForwardLimits } from "@baton/contracts";
import { latestWindows } from "@baton/market";

import { checksOf } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { GatePolicy } from "./gate-policy.ts";

const gate = checksOf("gate1_statistical_robustness");

/** Did it earn out of sample, evenly, by more than luck, and not on one narrow peak? */
export function gate1(
  evidence: Evidence,
  policy: GatePolicy,
  windows: WalkForwardLimits,
): GateCheck[] {
  const own = policy.gate1_statistical_robustness;
  const minFolds = Math.max(own.minFolds, windows.minFolds);
  const limits = { ...own, minFolds };
  return [
    ...windowChecks(evidence, own.minGapRows, windows),
    ...choiceChecks(evidence, windows),
    ...foldChecks(evidence, limits),
    ...luckChecks(evidence, limits),
    ...robustnessChecks(evidence, limits),
  ];
}

type Limits = GatePolicy["gate1_statistical_robustness"];

function foldChecks({ folds, evaluation }: Evidence, limits: Limits): GateCheck[] {
  const summary = folds.found?.value.summary;
  return [
    gate.atLeast({
      checkId: "folds",
      title: "test folds over all instruments",
      from: [folds],
      measured: summary?.folds,
      threshold: limits.minFolds,
      means: "too few folds to judge by",
    }),
    gate.atLeast({
      checkId: "trades",
      title: "changes of position out of sample",
      from: [folds],
      measured: summary?.trades,
      threshold: limits.minTrades,
      means: "it never traded",
    }),
    gate.atLeast({
      checkId: "net_return",
      title: "net return out of sample, fraction",
      from: [evaluation],
      measured: evaluation.found?.value.outOfSample.figures.total,
      threshold: limits.minNetReturn,
      means: "it lost money out of sample",
    }),
    gate.atMost({
      checkId: "negative_folds",
      title: "folds that lost money, share",
      from: [folds],
      measured: summary?.negativeShare,
      threshold: limits.maxNegativeFoldShare,
      means: "it loses in too many periods",
    }),
    gate.atMost({
      checkId: "fold_variation",
      title: "deviation of the folds' returns over their mean",
      from: [folds],
      measured: summary?.variation,
      threshold: limits.maxFoldVariation,
      means: "a few periods carry the result",
    }),
  ];
}

/** The candidate's own windows, measured on the folds: short ones must not make the gate easier. */
function windowChecks(
  { walkForward, folds }: Evidence,
  minGapRows: number,
  limits: WalkForwardLimits,
): GateCheck[] {
  const instruments = walkForward.found?.value.instruments.map((of) => ({
    train: of.folds.map(({ train }) => train.to - train.from),
    test: of.folds.map(({ test }) => test.to - test.from),
  }));
  const least = (rows: readonly number[] | undefined) => rows && Math.min(...rows);
  return [
    gate.atLeast({
      checkId: "train_rows",
      title: "rows that parameters are chosen on, least of all folds",
      from: [walkForward],
      measured: least(instruments?.flatMap(({ train }) => train)),
      threshold: limits.minTrainRows,
      means: "what is chosen on so few rows is noise",
    }),
    gate.atLeast({
      checkId: "test_rows",
      title: "test rows, least of all folds",
      from: [walkForward],
      measured: least(instruments?.flatMap(({ test }) => test)),
      threshold: limits.minTestRows,
      means: "folds so short make many of little data",
    }),
    gate.atLeast({
      checkId: "tested_rows",
      title: "test rows over all folds, least of all instruments",
      from: [walkForward],
      measured: least(instruments?.map(({ test }) => test.reduce((sum, rows) => sum + rows, 0))),
      threshold: limits.minTestedRows,
      means: "too little was tested to judge by",
    }),
    gate.atLeast({
      checkId: "gap_rows",
      title: "rows between train and test, least of all folds",
      from: [folds],
      measured: folds.found?.value.leakage.leastGapRows,
      threshold: Math.max(minGapRows, limits.minPurgeRows),
      means: "what was tested may have leaked into what was chosen",
    }),
  ];
}

/** Nor must long ones leave out years: intake refuses them, but what intake wrote comes with lane A's key alone. */
function choiceChecks({ research, walkForward }: Evidence, limits: WalkForwardLimits): GateCheck[] {
  const tests = walkForward.found?.value.instruments.map(({ folds }) =>
    folds.map(({ test }) => test),
  );
  const warmUps = research.found?.value.trials.map(({ warmUpRows }) => warmUpRows);
  const latest = warmUps && latestWindows(limits, Math.max(...warmUps));
  return [
    gate.atMost({
      checkId: "first_test_row",
      title: "row on which tests begin, latest of all instruments",
      from: [research, walkForward],
      measured: tests && Math.max(...tests.map((of) => Math.min(...of.map(({ from }) => from)))),
      threshold: latest?.firstTestRow,
      means: "the candidate would choose the years that its gates look at",
    }),
    gate.atMost({
      checkId: "longest_test_rows",
      title: "test rows, most of all folds",
      from: [research, walkForward],
      measured: tests && Math.max(...tests.flat().map(({ from, to }) => to - from)),
      threshold: latest?.testRows,
      means: "what makes no whole fold at the end isn't tested",
    }),
  ];
}

function luckChecks({ research, evaluation }: Evidence, limits: Limits): GateCheck[] {
  const report = evaluation.found?.value;
  return [
    gate.exactly({
      checkId: "trials",
      title: "trials used, as many as were declared",
      from: [research, evaluation],
      measured: report?.trials.used,
      threshold: research.found?.value.declaredTrials,
      means: "something was tried that wasn't declared, so luck can't be told from skill",
    }),
    gate.atLeast({
      checkId: "deflated_sharpe",
      title: "deflated Sharpe ratio, probability",
      from: [evaluation],
      measured: report?.deflatedSharpe.probability,
      threshold: limits.minDeflatedSharpe,
      means: "the best of the declared trials may look as good by luck alone",
    }),
    gate.atLeast({
      checkId: "band_sharpe",
      title: "Sharpe ratio a year, 5th percentile of the resampled history",
      from: [evaluation],
      measured: report?.bands.full.sharpe?.p05,
      threshold: limits.minBandSharpe,
      means: "another draw of the same days may well earn nothing",
    }),
    gate.atMost({
      checkId: "plausible_sharpe",
      title: "Sharpe ratio a year, out of sample",
      from: [evaluation],
      measured: report?.outOfSample.figures.sharpe,
      threshold: limits.maxSharpe,
      means: "no market pays that for so little risk; look for what is wrong in the prices",
    }),
    gate.atLeast({
      checkId: "expectation",
      title: `the specification's own expectation, ${report?.expectation.metric ?? "metric unknown"}`,
      from: [research, evaluation],
      measured: report?.expectation.measured,
      threshold: research.found?.value.spec.expectation.atLeast,
      means: "the thesis is falsified by its own measure",
    }),
  ];
}

function robustnessChecks({ evaluation }: Evidence, limits: Limits): GateCheck[] {
  const report = evaluation.found?.value;
  return [
    gate.atLeast({
      checkId: "cross_validation",
      title: "Sharpe ratio a year in a purged cross-validation, mean",
      from: [evaluation],
      measured: report?.crossValidatedSharpe,
      threshold: limits.minCrossValidatedSharpe,
      means: "the way parameters are chosen doesn't carry over",
    }),
    gate.atLeast({
      checkId: "neighbour_robustness",
      title: "share of its Sharpe ratio that the median neighbour keeps, worst instrument",
      from: [evaluation],
      measured: report?.neighbourhood.robustness,
      threshold: limits.minNeighbourRobustness,
      means: "the chosen parameters stand on a narrow peak, as fitted ones do",
    }),
  ];
}
