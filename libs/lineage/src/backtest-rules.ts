/** What lane C writes: the windows, folds and trials are those of the specification, whatever they earned. */
import { EvaluationReport, WalkForwardResults } from "@baton/artifacts";
import { foldSpans, WalkForwardWindows } from "@baton/quant";
import { z } from "zod";

import {
  claim,
  dataClaims,
  instrumentsOf,
  type Known,
  parametersOf,
  rule,
  sourceClaim,
} from "./rule.ts";

const RowRange = z.object({ from: z.int(), to: z.int() });
/** Which rows an instrument was trained and tested on. */
const Walked = z.object({
  instrument: z.string(),
  research: RowRange,
  folds: z.array(z.object({ train: RowRange, test: RowRange })),
});

function windowsOf({ spec }: Known): WalkForwardWindows {
  return WalkForwardWindows.parse(spec.walkForward ?? {});
}

/** `backtest/walkforward-results.json` */
export const walkForward = rule(
  "baton.walkforward-results.v1",
  WalkForwardResults.pick({ plugin: true, costBps: true, grid: true, scheme: true }).extend({
    instruments: z.array(Walked),
  }),
  ({ plugin: name, costBps, grid, scheme, instruments }, known) => {
    const windows = windowsOf(known);
    return [
      claim("plugin", name, known.spec.strategy.plugin),
      claim("costBps", costBps, known.spec.costBps),
      claim("its grid", grid, parametersOf(known)),
      claim("its windows", scheme, windows),
      claim(
        "the instruments walked through",
        instruments.map(({ instrument }) => instrument),
        instrumentsOf(known.spec),
      ),
      ...instruments.map(({ instrument, research, folds }) =>
        claim(`the folds of ${instrument}`, folds, foldSpans(research.to - research.from, windows)),
      ),
    ];
  },
);

/** `gates/fold-metrics-v1.json` */
export const foldMetrics = rule(
  "baton.fold-metrics.v1",
  z.object({
    folds: z.array(z.object({ fold: z.int(), instrument: z.string(), test: RowRange })),
    leakage: z.object({ leastGapRows: z.int() }),
  }),
  ({ folds, leakage }, known) => {
    const { firstRow, trainRows, purgeRows, embargoRows, testRows } = windowsOf(known);
    const gap = purgeRows + embargoRows;
    return [
      ...folds.map(({ fold, instrument, test }) => {
        const from = firstRow + trainRows + gap + fold * testRows;
        return claim(`the test rows of fold ${fold} on ${instrument}`, test, {
          from,
          to: from + testRows,
        });
      }),
      claim("leakage.leastGapRows", leakage.leastGapRows, gap),
    ];
  },
);

/** `backtest/evaluation-report.json` */
export const evaluation = rule(
  "baton.evaluation-report.v1",
  EvaluationReport.pick({
    reproducibility: true,
    assumptions: true,
    data: true,
    trials: true,
    chosen: true,
    expectation: true,
  }),
  (value, known) => {
    const { spec, sets } = known;
    const { reproducibility: made, assumptions, trials, expectation, chosen } = value;
    const { metric, atLeast } = spec.expectation;
    return [
      claim("reproducibility.spec", made.spec, known.specSha256),
      claim("reproducibility.seed", made.seed, spec.seed),
      claim("reproducibility.plugin.name", made.plugin.name, spec.strategy.plugin),
      sourceClaim(made.plugin.source, known),
      claim("assumptions.costBps", assumptions.costBps, spec.costBps),
      claim("assumptions.holdoutRows", assumptions.holdoutRows, spec.holdoutRows),
      claim("expectation.metric", expectation.metric, metric),
      claim("expectation.atLeast", expectation.atLeast, atLeast),
      claim("trials.declared", trials.declared, spec.strategy.grid.length),
      claim("trials.used", trials.used, spec.strategy.grid.length),
      ...dataClaims(made.datasets, spec),
      ...dataClaims(value.data, spec),
      claim(
        "the instruments chosen for",
        chosen.map(({ instrument }) => instrument),
        instrumentsOf(spec),
      ),
      ...chosen.map(({ instrument, index, parameters }) =>
        claim(`the parameters chosen for ${instrument}`, parameters, sets?.[index]?.parameters),
      ),
    ];
  },
);
