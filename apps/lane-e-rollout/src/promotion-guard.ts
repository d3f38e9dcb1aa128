/**
 * What must hold in the very moment in which a promotion changes something: asked right before each push to main.
 *
 * U1: the mesh's kill switch and the account's at the broker are released (J7).
 * U2: no open incident freezes the candidate, other than the one that it recovers from.
 * U3: Git has every change that was made in an emergency.
 * U4: the attempt's own dispatch is still the one whose result is awaited. Should it be superseded between this look and the
 *     push, recovery's fence on main refuses the push.
 * U5: main goes on from what the engine obeyed; else the candidate waits (main-goes-on.ts).
 */
import { type Broker, engagedSwitch } from "@baton/brokerage";
import {
  ACCOUNT_STOP_CODE,
  awaitedDispatch,
  incidentsOf,
  type Controls,
  type Incident,
  STOP_CODES,
  type StopCode,
  type StoredControls,
  type StoredEntry,
} from "@baton/contracts";
import type { Engine } from "@baton/engine";
import { type StageContext, StageFailure } from "@baton/lanekit";

import { requireMainGoesOn } from "./main-goes-on.ts";

/** What lane E reads of the mesh. */
export interface MeshReader {
  readonly controls: {
    last(): Promise<StoredControls | undefined>;
    at(sequence: number): Promise<StoredControls | undefined>;
  };
  readonly journal: { last(candidateId: string): Promise<StoredEntry | undefined> };
}

/** What stops a promotion until people have done something; nothing is wrong with the candidate. */
const STOPS: readonly string[] = [...STOP_CODES, ACCOUNT_STOP_CODE];

/** True if `error` says that a promotion was stopped. */
function isStop(error: unknown): error is StageFailure {
  return error instanceof StageFailure && STOPS.includes(error.code);
}

function stopped(
  code: StopCode | typeof ACCOUNT_STOP_CODE,
  message: string,
  action: string,
): StageFailure {
  return new StageFailure({ class: "policy", code, message, action });
}

/** Refuses (policy) a promotion that the mesh or the account's kill switch stops, or that is superseded. */
export async function requireMayPromote(
  context: StageContext,
  {
    mesh,
    broker,
    engine,
  }: { readonly mesh: MeshReader; readonly broker: Broker; readonly engine: Engine },
): Promise<void> {
  const [engaged, last, stored] = await Promise.all([
    stoppedBy(broker),
    read(mesh.journal.last(context.candidateId)),
    read(mesh.controls.last()),
  ]);
  requireDispatch(context, last);
  const stop = stopOf(stored?.controls, {
    context,
    recovering: last ? incidentsOf(last.entry) : [],
  });
  if (stop) throw stop;
  if (engaged === undefined) return requireMainGoesOn(engine);
  await requireFollowed(broker, engaged);
  const action = "Nothing is promoted until a person releases it; then `baton resume ID --why …`.";
  throw stopped(ACCOUNT_STOP_CODE, engaged, action);
}

/**
 * Throws while the mesh's kill switch is engaged, or the broker hasn't followed its release yet, so that whoever needs it
 * released waits and goes on by itself. Gives the sentence of a switch that people engaged at the broker itself.
 */
export async function foreignSwitch({
  mesh,
  broker,
}: {
  readonly mesh: Pick<MeshReader, "controls">;
  readonly broker: Broker;
}): Promise<string | undefined> {
  const [engaged, stored] = await Promise.all([stoppedBy(broker), read(mesh.controls.last())]);
  const stop = switchStop(stored?.controls.killSwitch ?? null);
  if (stop) throw stop;
  if (engaged !== undefined) await requireFollowed(broker, engaged);
  return engaged;
}

/** Refuses (transient) while the engine hasn't carried the mesh's release to the broker yet. */
async function requireFollowed(broker: Broker, engaged: string): Promise<void> {
  if (!(await isStillTheMeshs(broker))) return;
  throw new StageFailure({
    class: "transient",
    code: "E_BROKER_BEHIND",
    message: `the mesh's kill switch is released, the broker's isn't yet: ${engaged}`,
    action: "Nothing was changed. The engine releases it; check that the engine is ready.",
  });
}

/** What stops promotions now, as the failure that says so; undefined if nothing does. Throws what `requireMayPromote` else does. */
export async function stopNow(
  context: StageContext,
  parts: Parameters<typeof requireMayPromote>[1],
): Promise<StageFailure | undefined> {
  try {
    await requireMayPromote(context, parts);
    return undefined;
  } catch (error) {
    if (isStop(error)) return error;
    throw error;
  }
}

/** Refuses (policy) what a superseded attempt does (U4). */
export async function requireAwaited(context: StageContext, mesh: MeshReader): Promise<void> {
  requireDispatch(context, await read(mesh.journal.last(context.candidateId)));
}

/** Who holds the kill switch of an account, as a sentence; undefined if it isn't engaged. */
async function stoppedBy(broker: Broker): Promise<string | undefined> {
  const found = engagedSwitch(await broker.killSwitch.get());
  if (!found) return undefined;
  const { scope, since, by, reason } = found;
  const whose = scope === "account" ? `of account ${broker.account}` : "of all accounts";
  return `the kill switch ${whose} is engaged since ${since} by ${by}: ${reason}`;
}

/** True if the engine hasn't carried the mesh's release to the broker yet. */
async function isStillTheMeshs(broker: Broker): Promise<boolean> {
  const { mesh, all, account } = await broker.killSwitch.get();
  return mesh.engaged && !all.engaged && !account.engaged;
}

/** While nobody knows what holds, nothing is promoted. */
async function read<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new StageFailure(
      {
        class: "transient",
        code: "E_UNAVAILABLE",
        message: `the mesh can't be asked whether anything stops a promotion: ${cause instanceof Error ? cause.message : "no answer"}`,
        action: "Nothing was changed. Check that nats-server runs (`baton doctor`).",
      },
      { cause },
    );
  }
}

function requireDispatch(context: StageContext, last: StoredEntry | undefined): void {
  const { candidateId, stage, sequence } = context;
  if (last && awaitedDispatch(last) === sequence) return;
  const now = last ? `${last.entry.stage} (${last.entry.reason}, ${last.sequence})` : "nothing";
  throw new StageFailure({
    class: "policy",
    code: "E_SUPERSEDED",
    message: `${stage} of dispatch ${sequence} isn't awaited any more: the journal of ${candidateId} ends with ${now}`,
    action: `Nothing was changed. \`baton explain ${candidateId}\` says what happens to it now.`,
  });
}

function stopOf(
  controls: Controls | undefined,
  of: { readonly context: StageContext; readonly recovering: readonly string[] },
): StageFailure | undefined {
  if (!controls) return undefined;
  const { killSwitch, incidents, tasks } = controls;
  const engaged = switchStop(killSwitch);
  if (engaged) return engaged;
  const frozen = incidents.find(
    (one) => !of.recovering.includes(one.id) && freezes(one, of.context),
  );
  if (frozen) {
    const { id, class: kind, by, time, why } = frozen;
    const message = `incident ${id} of class ${kind} is open since ${time} by ${by}: ${why}`;
    const action = `Close ${id} when it is over (\`baton get controls\`); then it goes on by itself.`;
    return stopped("E_FROZEN", message, action);
  }
  const [task] = tasks;
  if (!task) return undefined;
  const { id, scope, ticket, by, time } = task;
  return stopped(
    "E_GIT_TASK",
    `${scope} was changed outside Git since ${time} by ${by} under ${ticket}: ${id} is open`,
    `Bring the change to Git, then \`baton close-task ${id} --commit SHA --why …\`; it then goes on by itself.`,
  );
}

function switchStop(killSwitch: Controls["killSwitch"]): StageFailure | undefined {
  if (!killSwitch) return undefined;
  const { by, time, why } = killSwitch;
  const message = `the mesh's kill switch is engaged since ${time} by ${by}: ${why}`;
  const action = "Two people release it (`baton get controls`); then it goes on by itself.";
  return stopped("E_KILL_SWITCH", message, action);
}

function freezes({ scope }: Incident, { candidateId, lane }: StageContext): boolean {
  switch (scope.kind) {
    case "all":
      return true;
    case "lane":
      return scope.lane === lane;
    case "candidate":
      return scope.candidateId === candidateId;
  }
}
