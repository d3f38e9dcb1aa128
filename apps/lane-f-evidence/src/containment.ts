/** Takes a run's strategy off main, at most once per stage run: main gets back what it had before the run. */
import {
  deduplicationId,
  type IncidentRecord,
  type ObservedIncident,
  STRATEGIES_FOLDER,
  strategyPath,
} from "@baton/contracts";
import { mergeOnce, openMainReader, openWorktree, runBranch } from "@baton/gitops";
import type { StageContext } from "@baton/lanekit";

import type { World } from "./ports.ts";
import { configHashOf, readStrategyOnMain, type StrategyOnMain } from "./strategy-file.ts";

/** What containing did. `target` is the text that main has now; undefined for none. */
export interface Containment {
  readonly action: IncidentRecord["containment"]["action"];
  readonly configHash: string | null;
  readonly target: string | undefined;
  readonly observed: ObservedIncident["containment"];
}

/**
 * Restores what main had before this run; does nothing where an earlier attempt, or a rollback of the rollout itself, has
 * done it. Throws a GitError.
 */
export async function contain(context: StageContext, world: World): Promise<Containment> {
  const start = performance.now();
  const before = await onMain(context, world);
  const target = before.knownGood;
  const result = { configHash: configHashOf(target), target };
  if (!before.ofThisRun) return { action: "nothing-deployed", ...result, observed: null };
  const action = target === undefined ? "removed" : "restored";
  const since = performance.now() - start;
  if (before.content === target) {
    const commit = before.commit ?? before.head;
    return { action, ...result, observed: { commit, effect: "already", ms: since } };
  }
  const receipt = await restore(context, world, target);
  const { commit, effect } = receipt;
  return { action, ...result, observed: { commit, effect, ms: performance.now() - start } };
}

async function onMain({ candidateId, runId }: StageContext, world: World): Promise<StrategyOnMain> {
  await using reader = await openMainReader(world.remote);
  return await readStrategyOnMain(reader, candidateId, runId);
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
    expectedHead: await tree.push(),
    owned: [`${STRATEGIES_FOLDER}/${candidateId}.yaml`],
    subject,
  });
}
