/**
 * Stage live-ramp: raises the limits level by level, each one only after the one before was seen to run.
 *
 * L1: every level is an action of its own on main (`<stage run>.L1` …), as is the rollback; each takes effect once.
 * L2: a level is merged only when the one before is verified, so the highest level on main tells where an attempt that
 *     died had come to: what lies below it was verified.
 * L3: whatever goes wrong after the first level ends in one rollback to L0, and a stage run that was rolled back never
 *     ramps again. A superseded attempt leaves everything as it is: recovery has taken over.
 * L4: a stop is nothing that goes wrong, nor is the engine's own, nor an engine or a broker that is away: it leaves the ramp at
 *     its level, and what goes on when it is lifted takes up the level that it finds on main.
 */
import {
  type GateOutcome,
  LiveRampReport,
  type ObservedChange,
  ObservedRollout,
  type RampLevel,
  ShadowPaperReport,
  verdictOf,
} from "@baton/artifacts";
import { revertOnce } from "@baton/gitops";
import {
  done,
  inputDigests,
  type StageContext,
  StageFailure,
  type StageOutcome,
} from "@baton/lanekit";
import { RAMPED_STRATEGY } from "@baton/views";

import { requireGates } from "./gate-evidence.ts";
import {
  changeStrategy,
  type MergedChange,
  observed,
  type StrategyChange,
} from "./gitops-change.ts";
import { requireMainGoesOn } from "./main-goes-on.ts";
import { requireAwaited, requireMayPromote, stopNow } from "./promotion-guard.ts";
import { readPromotion } from "./promotion-target.ts";
import { actionOf, highest, prepared, type Ramp, topText, wasVerified } from "./ramp.ts";
import type { RolloutOptions } from "./rollout-options.ts";
import { POLICY_VERSION } from "./rollout-policy.ts";
import { GATES_BEFORE_SHADOW, PATCH, promotionParts } from "./shadow-paper.ts";
import { requireApprovals } from "./signed-approvals.ts";
import type { RenderedStrategy } from "./strategy-configmap.ts";
import { type Verification, verifyRunning } from "./verify-running.ts";

const GATES = [...GATES_BEFORE_SHADOW, "gates/shadow-paper.json"] as const;

/** How the ramp ended. */
type RampEnd =
  | { readonly kind: "raised" }
  | { readonly kind: "stopped"; readonly level: RampLevel; readonly reason: string };

/** Merges a level. Throws a StageFailure if something stops promotions: the ramp then stays where it is (L4). */
async function merge(
  { context, remote, options, parts }: Ramp,
  change: Omit<StrategyChange, "confirm">,
): Promise<MergedChange> {
  // Asked before the file on main is compared too: on a main that was moved back it is nobody's change.
  await requireMainGoesOn(parts.engine);
  const confirm = () => requireMayPromote(context, promotionParts(context, options));
  return changeStrategy(context, remote, { ...change, confirm });
}

/** Stores a level's file in lane E's own name: the engine takes no level that wasn't. */
async function writeDown(context: StageContext, { level, text }: RenderedStrategy): Promise<void> {
  await context.put(`paper-candidate/strategy-${level}.yaml`, new TextEncoder().encode(text));
}

/** Waits until a level runs; throws the stop if one is why it doesn't (L4). */
async function verify(
  ramp: Ramp,
  wanted: RenderedStrategy,
): Promise<Exclude<Verification, { kind: "stopped" }>> {
  const { context, options, parts } = ramp;
  const stateOf = async () => (await options.mesh.controls.last())?.sequence;
  for (;;) {
    const before = await stateOf();
    const verification = await verifyRunning(wanted, parts);
    if (verification.kind === "verified") return verification;
    const stop = await stopNow(context, promotionParts(context, options));
    if (stop) throw stop;
    if (verification.kind === "stopped") throw new StageFailure(verification.stop);
    // A switch that was engaged for a part of the time took that time from the engine.
    if ((await stateOf()) === before) return verification;
  }
}

async function raise(ramp: Ramp): Promise<RampEnd> {
  const { context, levels } = ramp;
  let before = ramp.ground;
  for (const [index, wanted] of levels.entries()) {
    const { level } = wanted;
    const action = actionOf(context, level);
    const change = wasVerified(ramp, index);
    if (change !== undefined) {
      if (change !== null) ramp.changes.push(change);
      before = wanted;
      continue;
    }
    context.progress(`raising the limit to ${level}`);
    await writeDown(context, wanted);
    const isThere = index < ramp.inherited;
    const merged = isThere
      ? undefined
      : await merge(ramp, { action, level, text: wanted.text, before: before.text });
    context.progress(`waiting until ${level} runs`);
    const verification = await verify(ramp, wanted);
    if (verification.kind === "failed") {
      if (merged) ramp.changes.push({ ...merged, verifyMs: null, orders: [] });
      return { kind: "stopped", level, reason: verification.reason };
    }
    const { ms, orders } = verification;
    if (merged) ramp.changes.push({ ...merged, verifyMs: ms, orders: [...orders] });
    before = wanted;
  }
  return { kind: "raised" };
}

/** Takes every level back in one commit and waits until L0 runs again; timed. */
async function rollBack(ramp: Ramp): Promise<ObservedChange> {
  const { context, remote, options, parts, levels, ground } = ramp;
  const start = performance.now();
  context.progress("rolling back to L0");
  const confirm = () => requireAwaited(context, options.mesh);
  await requireMainGoesOn(parts.engine);
  const action = actionOf(context, "rollback");
  const change: MergedChange =
    ramp.inherited > 0
      ? // Levels of an earlier run are no actions of this one: L0 is put in their place.
        await changeStrategy(context, remote, {
          action,
          level: "L0",
          text: ground.text,
          before: topText(ramp),
          confirm,
        })
      : observed(
          await revertOnce({
            ...remote,
            stageRun: action,
            dispatch: context.sequence,
            confirm,
            reverts: levels.map(({ level }) => actionOf(context, level)).toReversed(),
          }),
          { branch: null, level: "L0", start },
        );
  const verification = await verifyRunning(ground, parts);
  if (verification.kind === "stopped") throw new StageFailure(verification.stop);
  return verification.kind === "verified"
    ? { ...change, verifyMs: verification.ms, orders: [...verification.orders] }
    : { ...change, verifyMs: null, orders: [] };
}

interface Result {
  readonly target: "shadow" | "paper" | "live";
  readonly level: RampLevel;
  readonly configHash: string | null;
  readonly steps: LiveRampReport["steps"];
  readonly gates: GateOutcome[];
  readonly rolledBack: boolean;
}

async function putReport(context: StageContext, result: Result): Promise<LiveRampReport> {
  const { candidateId, runId, stage } = context;
  const { target, gates, ...rest } = result;
  const report: LiveRampReport = {
    schemaVersion: "baton.gate-report.v1",
    candidateId,
    runId,
    stage,
    policyVersion: POLICY_VERSION,
    verdict: verdictOf(gates),
    gates,
    promotionTarget: target,
    inputs: inputDigests(context, [PATCH, ...GATES]),
    ...rest,
  };
  await context.putJson("gates/live-ramp.json", LiveRampReport.parse(report));
  return report;
}

/** A candidate that doesn't target live stays where it is. */
async function stay(context: StageContext, target: "shadow" | "paper"): Promise<StageOutcome> {
  const { configHash } = await context.readJson("gates/shadow-paper.json", ShadowPaperReport);
  await putReport(context, {
    target,
    level: "L0",
    configHash,
    steps: [],
    gates: [
      {
        gateId: "ramp",
        status: "pass",
        reasons: [`the promotion target is ${target}: no limit was moved`],
      },
    ],
    rolledBack: false,
  });
  return done(`the promotion target is ${target}: it stays at L0, no limit was moved`);
}

async function finish(ramp: Ramp, end: RampEnd): Promise<StageOutcome> {
  const { context, levels, ground, changes } = ramp;
  const stopped = end.kind === "stopped" ? end : undefined;
  const rollback =
    stopped === undefined
      ? null
      : { reason: stopped.reason.slice(0, 900), change: await rollBack(ramp) };
  const document: ObservedRollout = {
    schemaVersion: "baton.observed-rollout.v1",
    changes,
    rollback,
  };
  await context.putJson("observed/live-ramp-rollout.json", ObservedRollout.parse(document));
  const last = stopped === undefined ? levels.at(-1) : ground;
  const top = levels.findIndex(({ level }) => level === stopped?.level);
  const reached = stopped === undefined ? levels : levels.slice(0, top + 1);
  // Again: an attempt before may have died after it stored them, and then named none.
  for (const level of reached) await writeDown(context, level);
  if (last) await context.put(RAMPED_STRATEGY, new TextEncoder().encode(last.text));
  const report = await putReport(context, {
    target: "live",
    level: last?.level ?? "L0",
    configHash:
      rollback !== null && rollback.change.verifyMs === null ? null : (last?.hash ?? null),
    steps: reached.map(({ level, notional, hash }) => ({
      level,
      notional,
      configHash: hash,
      verified: level !== stopped?.level,
    })),
    gates: [
      ramp.approvals,
      {
        gateId: "ramp",
        status: stopped === undefined ? "pass" : "fail",
        reasons:
          stopped === undefined
            ? []
            : [
                `stopped at ${stopped.level} and rolled back; observed/live-ramp-rollout.json says why`,
              ],
      },
    ],
    rolledBack: stopped !== undefined,
  });
  return done(
    stopped === undefined
      ? `runs at ${last?.level} with a limit of ${last?.notional}`
      : `stopped at ${stopped.level} and rolled back to L0: ${stopped.reason}`.slice(0, 900),
    report.verdict,
  );
}

/** Raises the limits to L3 (mutable: one merge per level), or rolls back; no step unless the target is live. */
export async function liveRamp(
  context: StageContext,
  options: RolloutOptions,
): Promise<StageOutcome> {
  const { promotion } = readPromotion(context);
  await requireGates(context, GATES);
  if (promotion.target !== "live") return stay(context, promotion.target);
  const approvals = await requireApprovals(context, options.registry);
  const ramp = await prepared(context, options, approvals);
  if (ramp.found.has(actionOf(context, "rollback"))) {
    const reason = "an earlier attempt of this stage run rolled it back";
    return finish(ramp, { kind: "stopped", level: highest(ramp), reason });
  }
  return finish(ramp, await raise(ramp));
}
