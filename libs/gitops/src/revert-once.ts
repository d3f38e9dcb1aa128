import {
  type ActionReceipt,
  actOnce,
  commitTime,
  mergedTree,
  recordOf,
  trailers,
  writeCommit,
} from "./action-ledger.ts";
import { GitError, shown } from "./git-error.ts";
import { ActionId, checked, type CommitId } from "./git-names.ts";
import type { Remote, Scratch } from "./scratch.ts";

/** Which actions shall be undone, and under which name that takes effect at most once. */
export interface RevertRequest extends Remote {
  readonly stageRun: string;
  /** Journal sequence of the dispatch that asks for it; a fence of a later one refuses it. */
  readonly dispatch?: number | undefined;
  /** Asked each time right before the push: what it throws ends it, and nothing has changed. */
  readonly confirm?: (() => Promise<void>) | undefined;
  /** Actions to undo, the newest first; ones that never took effect are passed over. */
  readonly reverts: readonly string[];
}

/** The merge undone on top of itself, so that a three-way merge into main takes back just its changes. */
async function undo(scratch: Scratch, commit: CommitId, before: CommitId): Promise<CommitId> {
  const tree = await scratch.text(["rev-parse", `${before}^{tree}`]);
  return writeCommit(scratch, { tree, parents: [commit], message: "undo", time: commitTime() });
}

async function undoAll(
  scratch: Scratch,
  main: CommitId,
  actions: readonly ActionId[],
): Promise<{ commit: CommitId; undone: readonly ActionId[] }> {
  let commit = main;
  const undone: ActionId[] = [];
  for (const action of actions) {
    const record = await recordOf(scratch, action);
    if (record === undefined) continue;
    const inverse = await undo(scratch, record.commit, record.before);
    const tree = await mergedTree(scratch, commit, inverse);
    const undoing = { tree, parents: [commit], message: "undo", time: commitTime() };
    commit = await writeCommit(scratch, undoing);
    undone.push(action);
  }
  if (undone.length > 0) return { commit, undone };
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_NOT_FOUND",
    message: `nothing to revert: ${shown(actions.join(", "))} never took effect on main`,
    action: "Check the ids; there is nothing to take back.",
  });
}

/**
 * Rolls back: one commit on main that takes back what the actions changed, at most once per `stageRun`. Later changes of
 * others stay. Throws a GitError: deterministic if none of the actions took effect or a later change conflicts.
 */
export async function revertOnce(request: RevertRequest): Promise<ActionReceipt> {
  const reverts = request.reverts.map((action) => checked(ActionId, action));
  return actOnce({
    ...request,
    action: request.stageRun,
    async build(scratch, { main, marks }) {
      const { commit: end, undone } = await undoAll(scratch, main, reverts);
      const message = `Revert ${undone[0]}\n\n${trailers(request.stageRun, [
        ...undone.map((action) => ["Baton-Reverts", action] as const),
        ...marks,
      ])}`;
      const tree = await scratch.text(["rev-parse", `${end}^{tree}`]);
      const time = commitTime();
      const commit = await writeCommit(scratch, { tree, parents: [main], message, time });
      return { action: request.stageRun, commit, before: main, head: undefined, time };
    },
  });
}
