/** Stage shadow-paper: writes the strategy to main at level L0, sees it run, and judges it on the rows nobody had seen. */
import { type GateOutcome, ObservedRollout, ShadowPaperReport, verdictOf } from "@baton/artifacts";
import { deduplicationId } from "@baton/contracts";
import {
  done,
  inputDigests,
  type StageContext,
  StageFailure,
  type StageOutcome,
} from "@baton/lanekit";

import { brokerAccounts } from "./broker-access.ts";
import { engineOf } from "./engine-access.ts";
import { requireGates } from "./gate-evidence.ts";
import { changeStrategy, type MergedChange } from "./gitops-change.ts";
import { loadHeldBackData } from "./held-back-data.ts";
import { requireMayPromote } from "./promotion-guard.ts";
import { readRolloutInputs, requireLineage, type RolloutInputs } from "./rollout-inputs.ts";
import type { RolloutOptions } from "./rollout-options.ts";
import { POLICY_VERSION } from "./rollout-policy.ts";
import { evaluateShadow, type ShadowEvaluation } from "./shadow-evaluation.ts";
import { type RenderedStrategy, renderStrategy } from "./strategy-configmap.ts";
import { type InstrumentSignals, strategySignals } from "./strategy-signals.ts";
import { type VerificationParts, verifyRunning } from "./verify-running.ts";

/** Gates that must have passed before anything is written to main. */
export const GATES_BEFORE_SHADOW = [
  "gates/gate-evaluation.json",
  "gates/promotion-prerequisites.json",
  "gates/rollback-readiness.json",
  "gates/policy-dry-run.json",
] as const;

/** Name of the rendered strategy in the run. */
export const PATCH = "paper-candidate/strategy-configmap-patch.yaml";

/** Engine and broker as a stage run talks to them. */
export function verificationParts(
  { candidateId, signal }: StageContext,
  options: RolloutOptions,
): VerificationParts {
  const { broker, verifyMs } = options;
  return {
    candidateId,
    engine: engineOf(options, signal),
    brokerOf: brokerAccounts(broker, signal),
    verifyMs,
    signal,
  };
}

/** What the guard of a promotion asks. */
export function promotionParts(
  { candidateId, signal }: StageContext,
  options: RolloutOptions,
): Parameters<typeof requireMayPromote>[1] {
  const { mesh, broker } = options;
  const engine = engineOf(options, signal);
  return { mesh, engine, broker: brokerAccounts(broker, signal)(candidateId) };
}

/** Merges L0 and waits until it runs. Nothing is at stake yet, so what doesn't come is tried again. */
async function rollOut(
  context: StageContext,
  rendered: RenderedStrategy,
  options: RolloutOptions,
): Promise<void> {
  const { repository, token, cacheDir, history } = options;
  const remote = { repository, token, cacheDir, history, signal: context.signal };
  const action = deduplicationId(context);
  context.progress("merging level L0 into main");
  const change = await changeStrategy(context, remote, {
    action,
    level: "L0",
    text: rendered.text,
    before: undefined,
    confirm: () => requireMayPromote(context, promotionParts(context, options)),
  });
  context.progress("waiting until the engine runs it");
  const verification = await verifyRunning(rendered, verificationParts(context, options));
  if (verification.kind !== "verified") {
    // What a stop keeps from running isn't late.
    await requireMayPromote(context, promotionParts(context, options));
    if (verification.kind === "stopped") throw new StageFailure(verification.stop);
    throw new StageFailure({
      class: "transient",
      code: "E_NOT_VERIFIED",
      message: `main has ${action} as ${change.commit.slice(0, 12)}, but ${verification.reason}`,
      action: "Check the paper engine's status for this candidate; the stage looks again.",
    });
  }
  await putObserved(context, change, verification);
}

async function putObserved(
  context: StageContext,
  change: MergedChange,
  { ms, orders }: { readonly ms: number; readonly orders: readonly string[] },
): Promise<void> {
  const observed: ObservedRollout = {
    schemaVersion: "baton.observed-rollout.v1",
    changes: [{ ...change, verifyMs: ms, orders: [...orders] }],
    rollback: null,
  };
  await context.putJson("observed/shadow-paper-rollout.json", ObservedRollout.parse(observed));
}

function evaluate(inputs: RolloutInputs, signals: readonly InstrumentSignals[]): ShadowEvaluation {
  return evaluateShadow(signals, {
    costBps: inputs.research.spec.costBps,
    barsPerYear: inputs.manifest.barsPerYear,
    bands: inputs.evaluation.bands.holdout,
  });
}

function report(
  context: StageContext,
  inputs: RolloutInputs,
  of: {
    rendered: RenderedStrategy;
    evaluation: ShadowEvaluation["evaluation"];
    gates: GateOutcome[];
  },
): ShadowPaperReport {
  const { candidateId, runId, stage } = context;
  return {
    schemaVersion: "baton.gate-report.v1",
    candidateId,
    runId,
    stage,
    policyVersion: POLICY_VERSION,
    verdict: verdictOf(of.gates),
    gates: of.gates,
    promotionTarget: inputs.research.spec.promotion.target,
    inputs: [...inputs.digests, ...inputDigests(context, [...GATES_BEFORE_SHADOW])],
    level: "L0",
    configHash: of.rendered.hash,
    sourceSha256: inputs.plugin.sourceSha256,
    evaluation: of.evaluation,
  };
}

/** Rolls the strategy out at level L0 (mutable: one merge per stage run) and evaluates it over the held-back rows. */
export async function shadowPaper(
  context: StageContext,
  options: RolloutOptions,
): Promise<StageOutcome> {
  const inputs = await readRolloutInputs(context);
  requireLineage(context, inputs);
  await requireGates(context, GATES_BEFORE_SHADOW);
  await requireMayPromote(context, promotionParts(context, options));
  context.progress("loading the held-back rows");
  const data = await loadHeldBackData(context, inputs, options);
  const { sandbox } = options;
  const signals = await strategySignals(context, inputs, { data, sandbox });
  const rendered = renderStrategy(context, inputs, signals);
  await context.put(PATCH, new TextEncoder().encode(rendered.text));
  await rollOut(context, rendered, options);
  context.progress("evaluating the held-back rows");
  const { evaluation, gates } = evaluate(inputs, signals);
  const all: GateOutcome[] = [
    { gateId: "runtime-verification", status: "pass", reasons: [] },
    { gateId: "data-drift", status: "pass", reasons: [] },
    ...gates,
  ];
  const result = report(context, inputs, { rendered, evaluation, gates: all });
  await context.putJson("gates/shadow-paper.json", ShadowPaperReport.parse(result));
  const { sharpe, total } = evaluation.figures;
  return done(
    `runs at L0 as ${rendered.hash.slice(0, 12)}; ${evaluation.net.length} unseen rows: Sharpe ${sharpe?.toFixed(2) ?? "without value"}, total ${(total * 100).toFixed(1)} %, verdict ${result.verdict}`,
    result.verdict,
  );
}
