/**
 * Stage live-ramp: raises the limits level by level, each one only after the one before was seen to run.
 *
 * L1: every level is an action of its own on main (`<stage run>.L1` …), as is the rollback; each takes effect once.
 * L2: a level is merged only when the one before is verified, so the highest level on main tells where an attempt that
 *     died had come to: what lies below it was verified.
 * L3: whatever goes wrong after the first level ends in one rollback to L0, and a stage run that was rolled back never
 *     ramps again. Only a superseded attempt leaves everything as it is: recovery has taken over.
 */
import {
  deduplicationId,
  type GateOutcome,
  LiveRampReport,
  type ObservedChange,
  ObservedRollout,
  type RampLevel,
  ShadowPaperReport,
  verdictOf,
} from "@baton/contracts";
import { type ActionRecord, findActions, type Remote, revertOnce } from "@baton/gitops";
import { done, type StageContext, StageFailure, type StageOutcome } from "@baton/lanekit";

import { requireGates } from "./gate-evidence.ts";
import {
  changeStrategy,
  type MergedChange,
  observed,
  type StrategyChange,
} from "./gitops-change.ts";
import { isStop, requireAwaited, requireMayPromote } from "./promotion-guard.ts";
import { readPromotion } from "./promotion-target.ts";
import { digestsOf } from "./rollout-inputs.ts";
import type { RolloutOptions } from "./rollout-options.ts";
import { notionalAt, POLICY_VERSION, RAMP_STEPS } from "./rollout-policy.ts";
import { GATES_BEFORE_SHADOW, PATCH, promotionParts, verificationParts } from "./shadow-paper.ts";
import { readStrategy, type RenderedStrategy, withLimits } from "./strategy-configmap.ts";
import { type VerificationParts, verifyRunning } from "./verify-running.ts";

const GATES = [...GATES_BEFORE_SHADOW, "gates/shadow-paper.json"] as const;

/** All that a ramp works with. */
interface Ramp {
  readonly context: StageContext;
  readonly remote: Remote;
  readonly options: RolloutOptions;
  readonly parts: VerificationParts;
  readonly levels: readonly RenderedStrategy[];
  /** L0 as shadow-paper left it. */
  readonly ground: RenderedStrategy;
  /** What main had of this stage run when the attempt began, by action. */
  readonly found: ReadonlyMap<string, ActionRecord>;
  readonly changes: ObservedChange[];
}

const actionOf = (context: StageContext, suffix: string) => `${deduplicationId(context)}.${suffix}`;

/** The coordinator asks for the approval; the lane that would move money checks it again. */
function requireApproval({ approvals, stage, runId }: StageContext): void {
  if (approvals.some((approval) => approval.stage === stage && approval.runId === runId)) return;
  throw new StageFailure({
    class: "policy",
    code: "E_APPROVAL_MISSING",
    message: `no approval for ${stage} of ${runId} came with the dispatch`,
    action: "Nothing was changed. `baton resume` asks for the approval anew; then `baton approve`.",
  });
}

/** How the ramp ended. */
type RampEnd =
  | { readonly kind: "raised" }
  | {
      readonly kind: "stopped";
      readonly level: RampLevel;
      readonly reason: string;
      /** What to say if nothing was raised yet. */
      readonly refusal?: StageFailure;
    };

/** Merges a level; the failure, if something stops promotions. */
async function merge(
  { context, remote, options }: Ramp,
  change: Omit<StrategyChange, "confirm">,
): Promise<MergedChange | StageFailure> {
  const confirm = () => requireMayPromote(context, promotionParts(context, options));
  try {
    return await changeStrategy(context, remote, { ...change, confirm });
  } catch (error) {
    if (isStop(error)) return error;
    throw error;
  }
}

async function raise(ramp: Ramp): Promise<RampEnd> {
  const { context, parts, levels, found } = ramp;
  let before = ramp.ground;
  for (const [index, wanted] of levels.entries()) {
    const { level } = wanted;
    const action = actionOf(context, level);
    const next = levels[index + 1];
    const passed = found.get(action);
    if (passed !== undefined && next !== undefined && found.has(actionOf(context, next.level))) {
      const receipt = { ...passed, effect: "already" } as const;
      const change = observed(receipt, { branch: null, level, start: performance.now() });
      ramp.changes.push({ ...change, verifyMs: null, orders: [] });
      before = wanted;
      continue;
    }
    context.progress(`raising the limit to ${level}`);
    const change = await merge(ramp, { action, level, text: wanted.text, before: before.text });
    if (change instanceof StageFailure)
      return { kind: "stopped", level, reason: change.message, refusal: change };
    context.progress(`waiting until ${level} runs`);
    const verification = await verifyRunning(wanted, parts);
    if (verification.kind === "failed") {
      ramp.changes.push({ ...change, verifyMs: null, orders: [] });
      return { kind: "stopped", level, reason: verification.reason };
    }
    const { ms, orders } = verification;
    ramp.changes.push({ ...change, verifyMs: ms, orders: [...orders] });
    before = wanted;
  }
  return { kind: "raised" };
}

/** Takes every level back in one commit and waits until L0 runs again; timed. */
async function rollBack(ramp: Ramp): Promise<ObservedChange> {
  const { context, remote, options, parts, levels, ground } = ramp;
  const start = performance.now();
  context.progress("rolling back to L0");
  const receipt = await revertOnce({
    ...remote,
    stageRun: actionOf(context, "rollback"),
    dispatch: context.sequence,
    confirm: () => requireAwaited(context, options.mesh),
    reverts: levels.map(({ level }) => actionOf(context, level)).toReversed(),
  });
  const change: MergedChange = observed(receipt, { branch: null, level: "L0", start });
  const verification = await verifyRunning(ground, parts);
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
    inputs: digestsOf(context, [PATCH, ...GATES]),
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

async function prepared(context: StageContext, options: RolloutOptions): Promise<Ramp> {
  const text = new TextDecoder().decode(await context.read(PATCH));
  const { promotion } = readPromotion(context);
  const { settings, rendered: ground } = readStrategy(text);
  if (settings.candidateId !== context.candidateId || ground.level !== "L0")
    throw new StageFailure({
      class: "deterministic",
      code: "E_INPUT_MISMATCH",
      message: `${PATCH} is of ${settings.candidateId} at ${ground.level}`,
      action: "Resume from shadow-paper, so that it is rendered again.",
    });
  const { repository, token, cacheDir, history } = options;
  const remote = { repository, token, cacheDir, history, signal: context.signal };
  const actions = [...RAMP_STEPS, "rollback"].map((suffix) => actionOf(context, suffix));
  const records = await findActions(remote, actions);
  return {
    context,
    remote,
    options,
    parts: verificationParts(context, options),
    levels: RAMP_STEPS.map((level) => withLimits(text, level, notionalAt(level, promotion))),
    ground,
    found: new Map(records.map((record) => [record.action, record])),
    changes: [],
  };
}

/** The level that the ramp had come to on main; a rollback is only decided after one was merged or refused. */
function highest({ context, levels, found }: Ramp): RampLevel {
  const merged = levels.findLast(({ level }) => found.has(actionOf(context, level)));
  return merged?.level ?? "L0";
}

async function finish(ramp: Ramp, end: RampEnd): Promise<StageOutcome> {
  const { context, levels, ground, changes } = ramp;
  const stopped = end.kind === "stopped" ? end : undefined;
  // Nothing was raised yet, so there is nothing to take back.
  if (stopped?.refusal && changes.length === 0 && ramp.found.size === 0) throw stopped.refusal;
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
  requireApproval(context);
  const ramp = await prepared(context, options);
  if (ramp.found.has(actionOf(context, "rollback"))) {
    const reason = "an earlier attempt of this stage run rolled it back";
    return finish(ramp, { kind: "stopped", level: highest(ramp), reason });
  }
  return finish(ramp, await raise(ramp));
}
