/** A candidate's own windows, from the specification to the artifacts, on prices that the usual ones can't try. */
import { EvaluationReport, FoldMetrics, WalkForwardResults } from "@baton/artifacts";
import { builtInMarketData } from "@baton/market";
import { smaCross, walkForward } from "@baton/quant";
import { createStageContext, testSandbox } from "@baton/testkit";
import { expect, test } from "vitest";

import { backtestLane } from "./lane.ts";
import {
  asArtifacts,
  CANDIDATE,
  RUN,
  sampleInputs,
  sampleMarket,
} from "./testing/sample-inputs.ts";

const sandbox = await testSandbox();
const WINDOWS = { trainRows: 504, testRows: 63 };
const { bars } = await builtInMarketData().load("AAPL", AbortSignal.timeout(60_000));
const series = { AAPL: bars };

async function run(of: Partial<Parameters<typeof sampleInputs>[0]>, spec?: object) {
  const inputs = await sampleInputs({ series, holdoutRows: 120, ...of });
  const context = createStageContext({
    lane: "lane-c",
    stage: "backtest-robustness",
    spec: { ...inputs.spec, ...spec },
    candidateId: CANDIDATE,
    runId: RUN,
    inputs: asArtifacts(inputs),
  });
  const lane = backtestLane({ market: () => sampleMarket(series), sandbox });
  const outcome = await lane.stages["backtest-robustness"]?.(context);
  return { context, inputs, outcome };
}

test("The built-in AAPL, too short for the usual windows, is walked through with windows of its own.", async () => {
  const { context, inputs, outcome } = await run({ walkForward: WINDOWS });
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const walk = context.outputJson("backtest/walkforward-results.json", WalkForwardResults);
  expect(walk.scheme).toEqual({
    firstRow: 200,
    trainRows: 504,
    purgeRows: 5,
    embargoRows: 0,
    testRows: 63,
  });
  // 1,260 rows less 120; the first test begins at 709, and (1140 - 709) / 63 is 6 and a bit.
  const [aapl] = walk.instruments;
  expect(
    aapl?.folds.map(({ train, test: { from, to } }) => [train.from, train.to, from, to]),
  ).toEqual(Array.from({ length: 6 }, (_, k) => [200, 704, 709, 772].map((row) => row + 63 * k)));
  const expected = walkForward({
    panel: [bars.slice(0, -120)],
    plugin: smaCross,
    grid: inputs.spec.strategy.grid,
    windows: WINDOWS,
    barsPerYear: 252,
  });
  expect(walk.portfolio.figures).toEqual(expected.figures);
  const folds = context.outputJson("gates/fold-metrics-v1.json", FoldMetrics);
  expect(folds.summary.folds).toBe(6);
  expect(folds.leakage).toEqual({ leastGapRows: 5, temporalOrder: true, heldBackRowsSeen: 0 });
  // What goes on is chosen on a train window as long as the folds' own, before the purge.
  const report = context.outputJson("backtest/evaluation-report.json", EvaluationReport);
  expect(report.chosen[0]?.train).toMatchObject({ from: 1140 - 5 - 504, to: 1135 });
});

test("Under the usual windows it isn't tried, and other windows than the dispatch's are refused.", async () => {
  expect((await run({})).outcome).toMatchObject({
    failure: { class: "spec", message: expect.stringContaining("1465 rows for one fold") },
  });
  const other = await run(
    { walkForward: WINDOWS },
    { walkForward: { ...WINDOWS, trainRows: 600 } },
  );
  expect(other.outcome).toMatchObject({
    failure: { code: "E_LINEAGE", message: expect.stringContaining("spec.walkForward") },
  });
});
