/**
 * Stage rollback-readiness: before anything is promoted, shows that it can be stopped and taken back, by doing it. The
 * report is the same on every rerun; times, commits and order ids are under `observed/`.
 */
import {
  type DrillOutcome,
  engineStop,
  type GateOutcome,
  type ObservedDrills,
  type RollbackReadiness,
  STRATEGIES_FOLDER,
  StrategyPluginArtifact,
  verdictOf,
} from "@baton/artifacts";
import { openMainReader } from "@baton/gitops";
import {
  done,
  inputDigests,
  type StageContext,
  StageFailure,
  type StageOutcome,
} from "@baton/lanekit";

import type { DrillRecord } from "./drill-record.ts";
import { drillGitops } from "./gitops-drill.ts";
import { drillKillSwitch } from "./kill-switch-drill.ts";
import { controlsNow, requireNoMeshSwitch, requireUnmoved } from "./mesh-switch.ts";
import type { EvidenceOptions, World } from "./ports.ts";
import { readCandidate, RESEARCH } from "./run-inputs.ts";
import { allSettled } from "./settled.ts";
import { readStrategyOnMain, sha256 } from "./strategy-file.ts";

const REPORT = "gates/rollback-readiness.json";
export const OBSERVED_DRILLS = "observed/rollback-drills.json";
const PLUGIN = "build/plugin.json";
const POLICY_VERSION = "baton-rollback-readiness-v1";
/** Names as they are known from the public playbook. */
const REASON = {
  drills: "rollback_checks_missing_or_failed",
  target: "rollback_target_missing",
} as const;

type Target = RollbackReadiness["promotionTarget"];
type Approval = RollbackReadiness["humanApproval"];

/** The stage's work. */
export async function rollbackReadiness(
  context: StageContext,
  world: World,
  controls: EvidenceOptions["controls"],
): Promise<StageOutcome> {
  const { spec } = await readCandidate(context);
  const { sourceSha256 } = await context.readJson(PLUGIN, StrategyPluginArtifact);
  const head = reportHead(context, spec.promotion.target);
  const before = await controlsNow(controls);
  const requireSwitchReleased = () => requireNoMeshSwitch(world, controls, "the drills wait");
  await requireSwitchReleased();
  if (await isEverythingStopped(world)) return undecided(context, head);
  context.progress("running rollback drills");
  const startedAt = context.now().toISOString();
  const [killSwitch, gitops, rollbackTarget] = await allSettled([
    drillKillSwitch(world),
    drillGitops(context, world, sourceSha256),
    findRollbackTarget(context, world),
  ]);
  const { revert, disable, drillId } = gitops;
  const records = [killSwitch.record, revert, disable];
  await context.putJson(OBSERVED_DRILLS, {
    schemaVersion: "baton.observed-drills.v1",
    completedAt: context.now().toISOString(),
    drills: records.map((record) => ({
      drill: record.outcome().drill,
      startedAt,
      steps: [...record.timed],
      subject: record === killSwitch.record ? killSwitch.account : drillId,
      receipts: [...record.receipts],
    })),
  } satisfies ObservedDrills);
  const drills = records.map((record: DrillRecord) => record.outcome());
  const gates = gatesOf(drills, rollbackTarget, head.humanApproval);
  // A switch that was engaged meanwhile is why they failed, or the engine's own stop.
  if (verdictOf(gates) === "fail") {
    await requireSwitchReleased();
    await requireUnmoved(controls, before);
    if (await isEverythingStopped(world)) return undecided(context, head);
    const stop = engineStop(await world.engine.status());
    if (stop) throw new StageFailure(stop);
  }
  return report(context, { ...head, verdict: verdictOf(gates), gates, drills, rollbackTarget });
}

async function isEverythingStopped(world: World): Promise<boolean> {
  const { all } = await world.broker("paper").killSwitch.get();
  return all.engaged;
}

/** People stopped everything at the broker itself, of which the mesh knows nothing: a person decides when to go on. */
function undecided(
  context: StageContext,
  head: ReturnType<typeof reportHead>,
): Promise<StageOutcome> {
  const reasons = ["kill_switch_engaged: over all accounts; nothing is promoted meanwhile"];
  return report(context, {
    ...head,
    verdict: "inconclusive",
    gates: [{ gateId: "kill_switch_released", status: "inconclusive", reasons }],
    drills: [],
    rollbackTarget: null,
  });
}

function reportHead(context: StageContext, target: Target) {
  return {
    schemaVersion: "baton.gate-report.v1",
    candidateId: context.candidateId,
    runId: context.runId,
    stage: context.stage,
    policyVersion: POLICY_VERSION,
    promotionTarget: target,
    inputs: inputDigests(context, [RESEARCH, PLUGIN].toSorted()),
    humanApproval: approvalOf(context, target),
  } as const;
}

/** The one stage that needs a person is live-ramp, and the coordinator asks before it. */
function approvalOf(context: StageContext, target: Target): Approval {
  if (target !== "live") return "not-needed";
  const given = context.approvals.some(({ stage }) => stage === "live-ramp");
  return given ? "given" : "before-live-ramp";
}

async function findRollbackTarget(
  { candidateId, runId }: StageContext,
  world: World,
): Promise<RollbackReadiness["rollbackTarget"]> {
  await using reader = await openMainReader(world.remote);
  const { knownGood } = await readStrategyOnMain(reader, candidateId, runId);
  return {
    path: `${STRATEGIES_FOLDER}/${candidateId}.yaml`,
    contentSha256: knownGood === undefined ? null : sha256(knownGood),
  };
}

function gatesOf(
  drills: readonly DrillOutcome[],
  target: RollbackReadiness["rollbackTarget"],
  approval: Approval,
): GateOutcome[] {
  const gates = drills.map(({ drill, passed, steps }): GateOutcome => {
    const failed = steps.filter((step) => !step.passed);
    const reasons = failed.map(({ step, expected, seen }) =>
      `${REASON.drills}: ${drill}: ${step}: expected ${expected}, saw ${seen}`.slice(0, 300),
    );
    return { gateId: `${drill}_drill`, status: passed ? "pass" : "fail", reasons };
  });
  const found = target !== null;
  return [
    ...gates,
    {
      gateId: "rollback_target",
      status: found ? "pass" : "fail",
      reasons: found ? [] : [REASON.target],
    },
    {
      gateId: "human_approval",
      status: approval === "given" ? "pass" : "skipped",
      reasons: approval === "before-live-ramp" ? ["asked by the coordinator before live-ramp"] : [],
    },
  ];
}

async function report(context: StageContext, content: RollbackReadiness): Promise<StageOutcome> {
  await context.putJson(REPORT, content);
  const { gates, drills, verdict } = content;
  const failed = gates.flatMap(({ status, reasons }) =>
    status === "fail" || status === "inconclusive" ? reasons : [],
  );
  const passed = drills.filter((drill) => drill.passed).length;
  const summary = `${passed} of ${drills.length} drills passed`;
  return done([summary, ...failed.slice(0, 1)].join(": "), verdict);
}
