/**
 * Takes a candidate's strategy off main, at most once per stage run: main gets back what it had before the run.
 *
 * C1: first a fence, so that no attempt that was dispatched before this one changes main from then on; only then is main
 *     read.
 * C2: where people opened the incident, what is on main goes, whichever run of the candidate brought it.
 * C3: which run's strategy it is, is read from what shadow-paper rendered: a ramp that was run again is another run.
 * C4: where people ended the candidate, nothing of it stays on main, of no run.
 */
import {
  type IncidentRecord,
  type ObservedIncident,
  STRATEGIES_FOLDER,
  strategyPath,
} from "@baton/artifacts";
import { deduplicationId } from "@baton/contracts";
import {
  type ActionRecord,
  fenceOnce,
  findActions,
  mergeOnce,
  openMainReader,
  openWorktree,
  runBranch,
} from "@baton/gitops";
import type { StageContext } from "@baton/lanekit";

import type { EmergencyContainment } from "./emergency.ts";
import type { World } from "./ports.ts";
import { configHashOf, readStrategyOnMain, runOf, type StrategyOnMain } from "./strategy-file.ts";

/** What shadow-paper rendered, as the run's artifact. */
const RENDERED = "paper-candidate/strategy-configmap-patch.yaml";

/** Who asked for it. */
interface Asked {
  /** People opened the incident (C2). */
  readonly byPeople: boolean;
  /** People ended the candidate: nothing of it comes back (C4). */
  readonly ended: boolean;
}

/** What containing did. `target` is the text that main has now; undefined for none, or if nobody can tell. */
export interface Containment {
  readonly action: IncidentRecord["containment"]["action"];
  readonly configHash: string | null;
  readonly target: string | undefined;
  readonly observed: ObservedIncident["containment"];
  readonly emergency?: EmergencyContainment;
}

/**
 * Restores what main had before this run; does nothing where an earlier attempt, or a rollback of the rollout itself, has
 * done it. Throws a GitError.
 */
export async function contain(
  context: StageContext,
  world: World,
  asked: Asked,
): Promise<Containment> {
  const start = performance.now();
  const stageRun = deduplicationId(context);
  const { sequence: dispatch } = context;
  await fenceOnce({ ...world.remote, stageRun: `${stageRun}.fence`, dispatch });
  const [earlier] = await findActions(world.remote, [stageRun]);
  if (earlier) return contained(await leftBy(context, world, earlier), { ...earlier, start });
  const before = await onMain(context, world, asked);
  const target = before.knownGood;
  const nothing = { configHash: configHashOf(target), target, observed: null };
  if (!before.ofThisRun) return { action: "nothing-deployed", ...nothing };
  if (before.content === target)
    return contained(target, { commit: before.commit ?? before.head, start });
  const { commit, effect } = await restore(context, world, target);
  return contained(target, { commit, effect, start });
}

function contained(
  target: string | undefined,
  of: { readonly commit: string; readonly effect?: "done" | "already"; readonly start: number },
): Containment {
  const { commit, effect = "already", start } = of;
  return {
    action: target === undefined ? "removed" : "restored",
    configHash: configHashOf(target),
    target,
    observed: { commit, effect, ms: performance.now() - start },
  };
}

/** What an earlier attempt's merge left on main, whatever came after it. */
async function leftBy(
  { candidateId }: StageContext,
  world: World,
  { commit }: ActionRecord,
): Promise<string | undefined> {
  await using reader = await openMainReader(world.remote);
  await reader.files(STRATEGIES_FOLDER);
  const versions = await reader.history(strategyPath(candidateId));
  return versions.find((version) => version.commit === commit)?.content;
}

async function onMain(
  context: StageContext,
  world: World,
  { byPeople, ended }: Asked,
): Promise<StrategyOnMain> {
  const { candidateId } = context;
  const runId = await renderedIn(context);
  await using reader = await openMainReader(world.remote);
  const seen = await readStrategyOnMain(reader, candidateId, runId);
  if (ended)
    return {
      ...seen,
      ofThisRun: seen.ofThisRun || seen.content !== undefined,
      knownGood: undefined,
    };
  if (seen.ofThisRun || !byPeople || seen.content === undefined) return seen;
  const deployed = runOf(seen.content);
  // What nobody can read is nothing that may be left running.
  if (deployed === undefined) return { ...seen, ofThisRun: true, knownGood: undefined };
  return await readStrategyOnMain(reader, candidateId, deployed);
}

/** The run whose strategy this one promoted: a stage that was run again carried on what an earlier run had rendered (C3). */
async function renderedIn(context: StageContext): Promise<string> {
  if (!context.inputs.some(({ name }) => name === RENDERED)) return context.runId;
  return runOf(new TextDecoder().decode(await context.read(RENDERED))) ?? context.runId;
}

async function restore(context: StageContext, world: World, target: string | undefined) {
  const { candidateId, runId } = context;
  const branch = await runBranch(world.remote, { lane: "f", runId, today: context.now() });
  await using tree = await openWorktree({ ...world.remote, branch });
  const subject = `Take ${candidateId} back after an incident`;
  const path = strategyPath(candidateId);
  await tree.commitFiles({
    files: { [path]: target ?? null },
    message: `${subject}\n\nRun ${runId}.`,
  });
  return await mergeOnce({
    ...world.remote,
    branch,
    into: "main",
    stageRun: deduplicationId(context),
    dispatch: context.sequence,
    expectedHead: await tree.push(),
    owned: [`${STRATEGIES_FOLDER}/${candidateId}.yaml`],
    subject,
  });
}
