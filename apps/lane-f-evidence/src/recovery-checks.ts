/** The five checks that must pass before anything may run again. */
import {
  DatasetManifest,
  type IncidentRecord,
  type RecoveryCheck,
  type RunningStrategies,
} from "@baton/artifacts";
import { cut } from "@baton/contracts";
import { strategyIn } from "@baton/engine";
import { openMainReader } from "@baton/gitops";
import type { StageContext } from "@baton/lanekit";
import { counted } from "@baton/text/counted";

import type { Containment } from "./containment.ts";
import { findData } from "./dataset-check.ts";
import { awaitEngine } from "./engine-wait.ts";
import { drillKillSwitch } from "./kill-switch-drill.ts";
import type { World } from "./ports.ts";
import { readCandidate, readIfThere } from "./run-inputs.ts";
import { allSettled } from "./settled.ts";

type Check = IncidentRecord["checks"][number];

const check = (name: RecoveryCheck, passed: boolean, detail: string): Check => ({
  check: name,
  passed,
  detail: cut(detail, 300),
});

/** Runs all five; throws a StageFailure, GitError, BrokerError or MarketError where nothing can be said yet. */
export async function recoveryChecks(
  context: StageContext,
  world: World,
  containment: Containment,
): Promise<Check[]> {
  const [engine, fresh, orders] = await allSettled([
    containment.emergency
      ? withoutGit(context, world, containment)
      : engineChecks(context, world, containment),
    freshness(context, containment),
    orderChecks(world),
  ]);
  const [scheduler, reconciliation] = engine;
  return [scheduler, fresh, ...orders, reconciliation];
}

async function engineChecks(
  context: StageContext,
  world: World,
  containment: Containment,
): Promise<[Check, Check]> {
  const { candidateId } = context;
  await using reader = await openMainReader(world.remote);
  let main = await reader.head();
  const upToDate = async (status: RunningStrategies) => {
    if (status.head !== main) main = await reader.head();
    return status.head === main;
  };
  const wrong = (status: RunningStrategies) => unreconciled(status, candidateId, containment);
  const { status } = await awaitEngine(
    world,
    async (now) => (await upToDate(now)) && wrong(now) === undefined,
  );
  const current = await upToDate(status);
  const account = await leftInAccount(world, candidateId, containment);
  const mismatch = wrong(status) ?? account;
  return [
    check("scheduler", current, current ? "the engine is at main's head" : "the engine is behind"),
    check(
      "reconciliation",
      mismatch === undefined,
      mismatch ?? "engine and account hold what main asks for",
    ),
  ];
}

/** What main asks for can't be read: the account must hold nothing, and whether the engine keeps up is open. */
async function withoutGit(
  { candidateId }: StageContext,
  world: World,
  containment: Containment,
): Promise<[Check, Check]> {
  const left = await leftInAccount(world, candidateId, containment);
  return [
    check(
      "scheduler",
      false,
      "Git can't be reached: nobody knows whether the engine is at its head",
    ),
    check("reconciliation", left === undefined, left ?? "the account holds nothing"),
  ];
}

function unreconciled(
  status: RunningStrategies,
  candidateId: string,
  { configHash, target }: Containment,
): string | undefined {
  const running = strategyIn(status, candidateId);
  if (target === undefined) {
    if (running) return "the engine still runs the strategy";
    const isLeft = status.unclaimed?.some(({ account }) => account === candidateId) === true;
    return isLeft ? "the engine still runs its account down" : undefined;
  }
  if (running?.hash !== configHash) return "the engine doesn't run the version that main asks for";
  return running?.settled ? undefined : "the account isn't where its version wants it";
}

async function leftInAccount(
  world: World,
  candidateId: string,
  { target }: Containment,
): Promise<string | undefined> {
  const broker = world.broker(candidateId);
  const [positions, open] = await Promise.all([
    target === undefined ? broker.positions() : [],
    broker.listOrders({ status: "open" }),
  ]);
  if (open.length > 0) return `${counted(open.length, "order is", "orders are")} still open`;
  return positions.length > 0
    ? `${counted(positions.length, "position is", "positions are")} still held`
    : undefined;
}

async function freshness(context: StageContext, { action }: Containment): Promise<Check> {
  const manifest = await readIfThere(context, "research/dataset-manifest.json", DatasetManifest);
  if (!manifest) {
    // An incident may come before any data was declared; what runs rests on declared data.
    const nothing = action === "nothing-deployed";
    const detail = nothing ? "no data was declared yet" : "the run has no dataset manifest";
    return check("freshness", nothing, detail);
  }
  const { spec } = await readCandidate(context);
  const data = await findData(context, spec, manifest);
  const changed = data.filter(({ found, declared }) => found !== declared);
  const names = changed.map(({ instrument }) => instrument).join(", ");
  return check(
    "freshness",
    changed.length === 0,
    changed.length === 0
      ? "every data set has its declared digest"
      : `not the declared data: ${names}`,
  );
}

/** Steps of the kill switch drill that show what execution does, rather than the switch. */
const EXECUTION = /filled|stays open|position|left/;

async function orderChecks(world: World): Promise<[Check, Check]> {
  const { mesh, all } = await world.broker("paper").killSwitch.get();
  if (mesh.engaged || all.engaged) {
    const why = "the kill switch over all accounts is engaged; a person releases it";
    return [check("risk-engine", true, why), check("paper-execution", false, why)];
  }
  const { record } = await drillKillSwitch(world);
  const { steps } = record.outcome();
  const verdict = (name: RecoveryCheck, execution: boolean, well: string): Check => {
    const failed = steps.find(({ step, passed }) => !passed && EXECUTION.test(step) === execution);
    const says = failed && `${failed.step}: expected ${failed.expected}, saw ${failed.seen}`;
    return check(name, failed === undefined, says ?? well);
  };
  return [
    verdict("risk-engine", false, "a kill switch refuses orders and lets cancels pass"),
    verdict("paper-execution", true, "orders are taken, filled and closed"),
  ];
}
