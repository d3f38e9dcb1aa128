/**
 * Stage continuous-monitoring: is what runs what was approved, is the data still the declared one, and does the strategy
 * do what its backtest led to expect?
 */
import {
  type ContinuousMonitoring,
  DatasetManifest,
  EvaluationReport,
  type GateOutcome,
  LiveRampReport,
  type ObservedMonitoring,
  type RunningStrategy,
  ShadowPaperReport,
  verdictOf,
} from "@baton/artifacts";
import { strategyIn } from "@baton/engine";
import { openMainReader } from "@baton/gitops";
import {
  done,
  inputDigests,
  type StageContext,
  StageFailure,
  type StageOutcome,
} from "@baton/lanekit";
import { performanceDrift } from "@baton/quant";

import { findData } from "./dataset-check.ts";
import { awaitEngine } from "./engine-wait.ts";
import type { World } from "./ports.ts";
import { readCandidate, readIfThere, RESEARCH } from "./run-inputs.ts";
import { allSettled } from "./settled.ts";
import { configHashOf, readStrategyOnMain, type StrategyOnMain } from "./strategy-file.ts";

const REPORT = "gates/continuous-monitoring.json";
const OBSERVED = "observed/continuous-monitoring.json";
const POLICY_VERSION = "baton-monitoring-v1";
/** A figure rarer than this under the backtest is drift; within a year one in a hundred candidates gets there by chance. */
const EDGE = "p01";
const MANIFEST = "research/dataset-manifest.json";
const EVALUATION = "backtest/evaluation-report.json";
const SHADOW = "gates/shadow-paper.json";
const RAMP = "gates/live-ramp.json";

/** The stage's work. */
export async function continuousMonitoring(
  context: StageContext,
  world: World,
): Promise<StageOutcome> {
  const { spec } = await readCandidate(context);
  const manifest = await context.readJson(MANIFEST, DatasetManifest);
  const evaluation = await context.readJson(EVALUATION, EvaluationReport);
  const shadow = await context.readJson(SHADOW, ShadowPaperReport);
  const ramp = await readIfThere(context, RAMP, LiveRampReport);
  context.progress("comparing what runs with what was approved");
  const [seen, data] = await allSettled([
    observeEngine(context, world),
    findData(context, spec, manifest),
  ]);
  const approved = ramp ? ramp.configHash : shadow.configHash;
  const level = ramp?.level ?? shadow.level;
  const performance = performanceOf(shadow, evaluation);
  const runHash = { approved, merged: seen.merged, running: seen.running?.hash ?? null };
  const gates = [
    runHashGate(runHash, seen.running),
    levelGate(level, seen.running),
    dataGate(data),
    performanceGate(performance),
  ];
  await context.putJson(OBSERVED, seen.observed);
  const verdict = verdictOf(gates);
  await context.putJson(REPORT, {
    schemaVersion: "baton.gate-report.v1",
    candidateId: context.candidateId,
    runId: context.runId,
    stage: context.stage,
    policyVersion: POLICY_VERSION,
    verdict,
    gates,
    promotionTarget: spec.promotion.target,
    inputs: inputDigests(context, [RESEARCH, MANIFEST, EVALUATION, SHADOW, RAMP].toSorted()),
    runHash,
    level: { approved: level, running: seen.running?.level ?? null },
    data,
    performance,
  } satisfies ContinuousMonitoring);
  const [why] = gates.flatMap(({ reasons }) => reasons);
  return done(why ?? `what runs at ${level} is what was approved; no drift`, verdict);
}

interface EngineSighting {
  readonly merged: string | null;
  readonly running: RunningStrategy | undefined;
  readonly observed: ObservedMonitoring;
}

/**
 * What main asks for and what the engine runs, once the engine has seen that head of main. Throws a StageFailure
 * (transient) if it doesn't get there: then nothing can be said yet.
 */
async function observeEngine(context: StageContext, world: World): Promise<EngineSighting> {
  const { candidateId, runId } = context;
  await using reader = await openMainReader(world.remote);
  let main: StrategyOnMain = await readStrategyOnMain(reader, candidateId, runId);
  const { status, reached, waitedMs } = await awaitEngine(world, async (now) => {
    const running = strategyIn(now, candidateId);
    if (running?.settled && running.hash === configHashOf(main.content)) return true;
    // Somebody else's merge may have moved main meanwhile.
    if (now.head !== main.head) main = await readStrategyOnMain(reader, candidateId, runId);
    return now.head === main.head && (running === undefined || running.settled);
  });
  const running = strategyIn(status, candidateId);
  if (!reached && status.head !== main.head)
    throw new StageFailure({
      class: "transient",
      code: "E_ENGINE_BEHIND",
      message: `the engine is at ${status.head ?? "nothing"}, main at ${main.head}, for ${Math.round(waitedMs)} ms`,
      action: "Look at the engine's log.",
    });
  return {
    merged: configHashOf(main.content),
    running,
    observed: {
      schemaVersion: "baton.observed-monitoring.v1",
      observedAt: context.now().toISOString(),
      main: main.head,
      commit: running?.commit ?? null,
      waitedMs: Math.round(waitedMs),
    },
  };
}

type Performance = ContinuousMonitoring["performance"];

function performanceOf(shadow: ShadowPaperReport, evaluation: EvaluationReport): Performance {
  const { net } = shadow.evaluation;
  const bands = evaluation.bands.holdout;
  // Bands of another horizon say nothing about these rows; that fails like no rows at all.
  if (net.length === 0 || net.length !== bands.horizonRows) return null;
  const { barsPerYear } = evaluation.assumptions;
  const { rows, checks } = performanceDrift(net, bands, { edge: EDGE, barsPerYear });
  return { edge: EDGE, rows, checks };
}

function runHashGate(
  { approved, merged, running }: ContinuousMonitoring["runHash"],
  strategy: RunningStrategy | undefined,
): GateOutcome {
  const short = (hash: string | null) => hash?.slice(0, 12) ?? "nothing";
  const reasons = [
    ...(approved === null ? ["run_hash_unknown: rollout saw nothing running"] : []),
    ...(merged === approved
      ? []
      : [`run_hash_drift: main asks for ${short(merged)}, approved was ${short(approved)}`]),
    ...(running === merged
      ? []
      : [`run_hash_drift: the engine runs ${short(running)}, main asks for ${short(merged)}`]),
    ...(strategy && !strategy.enabled ? ["strategy_disabled: somebody disabled it"] : []),
    ...(strategy && !strategy.settled
      ? ["reconciliation_mismatch: its account isn't where its version wants it"]
      : []),
  ];
  return { gateId: "run_hash", status: reasons.length === 0 ? "pass" : "fail", reasons };
}

function levelGate(approved: string, running: RunningStrategy | undefined): GateOutcome {
  const seen = running?.level ?? "nothing";
  const passed = seen === approved;
  const reasons = passed ? [] : [`ramp_level_drift: ${seen} runs, approved is ${approved}`];
  return { gateId: "ramp_level", status: passed ? "pass" : "fail", reasons };
}

function dataGate(data: ContinuousMonitoring["data"]): GateOutcome {
  const reasons = data.flatMap(({ instrument, declared, found }) => {
    if (found === declared) return [];
    const now = found === null ? "can't be read" : `is ${found.slice(0, 12)}`;
    return [`data_drift: ${instrument} ${now}, declared was ${declared.slice(0, 12)}`];
  });
  const status = data.length > 0 && reasons.length === 0 ? "pass" : "fail";
  return { gateId: "data", status, reasons };
}

function performanceGate(performance: Performance): GateOutcome {
  if (performance === null)
    return {
      gateId: "performance",
      status: "fail",
      reasons: ["performance_unknown: no returns for as many rows as the backtest's bands"],
    };
  const shown = (value: number | null) => value?.toPrecision(4) ?? "nothing";
  const reasons = performance.checks.flatMap(({ figure, measured, low, place }) => {
    if (place === "below")
      return [
        `performance_drift: ${figure} ${shown(measured)} is below the backtest's ${EDGE} ${shown(low)}`,
      ];
    // A gate doesn't pass on what has no value.
    return place === "unknown" ? [`performance_unknown: ${figure} has no value`] : [];
  });
  return { gateId: "performance", status: reasons.length === 0 ? "pass" : "fail", reasons };
}
