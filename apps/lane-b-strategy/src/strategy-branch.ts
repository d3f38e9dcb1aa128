/** The candidate's strategy on its run's own branch, pushed to the strategy repository. */
import { openWorktree, runBranch, type Remote } from "@baton/gitops";
import { prettyJson, type StageContext } from "@baton/lanekit";
import { surfacesOf } from "@baton/playbook";
import { strategyFolder } from "@baton/templates";

import type { BuiltStrategy } from "./built-strategy.ts";

/** Where the strategy went. */
export interface PushedStrategy {
  readonly branch: string;
  readonly base: string;
  readonly commit: string;
}

/**
 * Commits the strategy and pushes its branch. A repeated stage run finds its own branch, from whatever day, and adds
 * nothing to it. Changes outside the candidate's own folder are refused (J9).
 */
export async function pushStrategy(
  context: StageContext,
  remote: Remote,
  built: BuiltStrategy,
): Promise<PushedStrategy> {
  const { candidateId, runId, lane } = context;
  const branch = await runBranch(remote, { lane, runId, today: context.now() });
  await using worktree = await openWorktree({ ...remote, branch });
  await worktree.commitFiles({
    files: committedFiles(built, candidateId),
    message: `Build ${built.catalogEntry.strategyId} ${built.catalogEntry.version}\n\nRun ${runId}.`,
  });
  await worktree.changedPaths(surfacesFor(context));
  const commit = await worktree.push();
  return { branch, base: worktree.base, commit };
}

/** What may be changed for the candidate, by whoever builds its strategy (J9). */
export function surfacesFor({ surfaces, candidateId }: StageContext): string[] {
  return surfaces ? surfacesOf(surfaces, candidateId) : [`${strategyFolder(candidateId)}/*`];
}

/** What is committed, by path in the repository. */
function committedFiles({ source, beside, catalogEntry }: BuiltStrategy, candidateId: string) {
  const folder = strategyFolder(candidateId);
  const others = Object.entries(beside).map(([name, content]) => [
    `${folder}/${name === "test.ts" ? "strategy.test.ts" : name}`,
    content,
  ]);
  return {
    ...Object.fromEntries(others),
    [`${folder}/strategy.ts`]: source,
    [`${folder}/catalog-entry.json`]: prettyJson(catalogEntry),
  };
}
