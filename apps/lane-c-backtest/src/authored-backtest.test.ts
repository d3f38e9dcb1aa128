/** Authored strategies in lane C: the same figures as the library's where they ask for the same, and nothing of theirs is believed. */
import {
  CandidateSpecArtifact,
  EvaluationReport,
  StressMetrics,
  WalkForwardResults,
} from "@baton/artifacts";
import { createStageContext, testSandbox } from "@baton/testkit";
import { expect, test, vi } from "vitest";

import { backtestLane } from "./lane.ts";
import {
  asArtifacts,
  CANDIDATE,
  RUN,
  sampleBars,
  sampleInputs,
  sampleMarket,
} from "./testing/sample-inputs.ts";

vi.setConfig({ testTimeout: 120_000 });

const SERIES = { AAA: sampleBars(1900, 1) };
const sandbox = await testSandbox();

/** The library's crossing of averages, as somebody else would write it. */
const CROSSING = `
type Bar = { readonly close: number };
const mean = (bars: readonly Bar[], rows: number): number => {
  const last = bars[bars.length - 1]!.close;
  let sum = 0;
  for (let row = bars.length - rows; row < bars.length; row += 1) sum += bars[row]!.close - last;
  return sum / rows;
};
export const target = (bars: readonly Bar[], { fast, slow }: { fast: number; slow: number }): number =>
  bars.length >= slow && mean(bars, fast) > mean(bars, slow) ? 1 : 0;
`;

type Inputs = Awaited<ReturnType<typeof sampleInputs>>;

async function run(of: Omit<Inputs, "spec">) {
  const inputs = asArtifacts(of);
  const research = CandidateSpecArtifact.parse(inputs["research/candidate-spec.json"]);
  const context = createStageContext({
    lane: "lane-c",
    stage: "backtest-robustness",
    spec: research.spec,
    candidateId: CANDIDATE,
    runId: RUN,
    inputs,
  });
  const lane = backtestLane({ market: () => sampleMarket(SERIES), sandbox });
  const outcome = await lane.stages["backtest-robustness"]?.(context);
  return { context, outcome };
}

test("an authored strategy that asks for what the library's asks for has its figures, to the last digit", async () => {
  const [library, authored] = await Promise.all([
    sampleInputs({ series: SERIES }).then(run),
    // The least warm-up of the grid: its own condition does the rest.
    sampleInputs({ series: SERIES, source: CROSSING, warmUpRows: 49 }).then(run),
  ]);
  expect(authored.outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const walks = [library, authored].map(({ context }) => {
    const { instruments, portfolio } = context.outputJson(
      "backtest/walkforward-results.json",
      WalkForwardResults,
    );
    return { instruments, portfolio };
  });
  expect(walks[1]).toEqual(walks[0]);
  const stress = [library, authored].map(({ context }) => {
    const { inputs: _, ...rest } = context.outputJson(
      "gates/stress-metrics-v1.json",
      StressMetrics,
    );
    return rest;
  });
  expect(stress[1]).toEqual(stress[0]);
  const [one, other] = [library, authored].map(({ context }) => {
    const report = context.outputJson("backtest/evaluation-report.json", EvaluationReport);
    const { chosen, bands, deflatedSharpe, neighbourhood, outOfSample } = report;
    return { chosen, bands, deflatedSharpe, neighbourhood, outOfSample };
  });
  expect(other).toEqual(one);
  const report = authored.context.outputJson("backtest/evaluation-report.json", EvaluationReport);
  // Every target of both sets was given twice.
  expect(report.reproducibility.plugin).toMatchObject({
    name: "authored",
    targetsCompared: 2 * 1800,
    targetsDiffering: 0,
  });
});

test("another source than the one that was submitted isn't run", async () => {
  const inputs = await sampleInputs({ series: SERIES, source: CROSSING });
  const other = `${CROSSING}\n// and more`;
  const { outcome } = await run({ ...inputs, source: other });
  expect(outcome).toMatchObject({ kind: "failed", failure: { class: "policy" } });
});

test("a fault of the source ends the stage with its row, and isn't retried", async () => {
  const source = "export const target = (bars) => (bars.length > 700 ? NaN : 0);";
  const { outcome } = await run(await sampleInputs({ series: SERIES, source }));
  expect(outcome).toMatchObject({
    kind: "failed",
    failure: { class: "spec", code: "E_STRATEGY_WEIGHT" },
  });
  const message = outcome?.kind === "failed" ? outcome.failure.message : "";
  expect(message).toMatch(/on AAA, row 700 \(\d{4}-\d\d-\d\d\), .*its weight is NaN/);
});
