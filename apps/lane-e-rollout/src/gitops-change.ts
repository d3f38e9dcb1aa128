/** One change of a strategy's file on main, at most once per action whatever is killed when (J4). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { type ObservedChange, type RampLevel, strategyPath } from "@baton/artifacts";
import {
  type ActionReceipt,
  findActions,
  mergeOnce,
  openWorktree,
  type Remote,
  runBranch,
  type Worktree,
} from "@baton/gitops";
import { type StageContext, StageFailure } from "@baton/lanekit";

/** What shall be on main, and under which name it takes effect. */
export interface StrategyChange {
  /** The stage run's deduplication id, with a suffix for a step inside it. */
  readonly action: string;
  readonly level: RampLevel;
  readonly text: string;
  /** What main must have before; undefined if anything may be replaced. */
  readonly before: string | undefined;
  /** Refuses it by throwing; asked right before main would take it. */
  readonly confirm: () => Promise<void>;
}

/** A change that is on main, without what only verification knows. */
export type MergedChange = Omit<ObservedChange, "verifyMs" | "orders">;

async function currentText(tree: Worktree, path: string): Promise<string | undefined> {
  return readFile(join(tree.dir, path), "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** Somebody's change to the limits isn't ours to overwrite. */
async function requireBefore(tree: Worktree, path: string, change: StrategyChange): Promise<void> {
  if (change.before === undefined) return;
  const current = await currentText(tree, path);
  // An earlier attempt may have pushed the branch already.
  if (current === change.before || current === change.text) return;
  throw new StageFailure({
    class: "policy",
    code: "E_ROLLOUT_CONFLICT",
    message: `${path} on main isn't what the step before ${change.level} left there: someone ${current === undefined ? "removed" : "changed"} it`,
    action: "Find out who changed it and why; start a new run when the strategy may be promoted.",
  });
}

/**
 * Commits the file on the run's own branch and merges it into main. Throws a StageFailure (policy) if someone else changed
 * the file since, what `confirm` throws, or a GitError with its class: policy if recovery took the candidate over.
 */
export async function changeStrategy(
  context: StageContext,
  remote: Remote,
  change: StrategyChange,
): Promise<MergedChange> {
  const { candidateId, runId, lane } = context;
  const start = performance.now();
  const path = strategyPath(candidateId);
  // What has taken effect already must not touch the branch again: someone may have moved main on since.
  const [record] = await findActions(remote, [change.action]);
  if (record !== undefined)
    return observed({ ...record, effect: "already" }, { branch: null, level: change.level, start });
  const branch = await runBranch(remote, { lane, runId, today: context.now() });
  let expectedHead: string;
  {
    await using tree = await openWorktree({ ...remote, branch });
    await requireBefore(tree, path, change);
    await tree.commitFiles({
      files: { [path]: change.text },
      message: `Set ${candidateId} to ${change.level}\n\nRun ${runId}.`,
    });
    await tree.changedPaths([path]);
    expectedHead = await tree.push();
  }
  const receipt = await mergeOnce({
    ...remote,
    branch,
    into: "main",
    stageRun: change.action,
    dispatch: context.sequence,
    confirm: change.confirm,
    expectedHead,
    owned: [path],
    subject: `Roll out ${candidateId} at ${change.level}`,
  });
  return observed(receipt, { branch, level: change.level, start });
}

/** The observed form of an action on main; `start` is of the monotonic clock. */
export function observed(
  { action, effect, commit, time }: ActionReceipt,
  of: { branch: string | null; level: RampLevel; start: number },
): MergedChange {
  const { branch, level, start } = of;
  return {
    action,
    effect,
    commit,
    branch,
    level,
    mergedAt: time,
    mergeMs: performance.now() - start,
  };
}
