import { z } from "zod";

import {
  type ActionReceipt,
  actOnce,
  commitTime,
  mergedTree,
  trailers,
  writeCommit,
} from "./action-ledger.ts";
import { GitError } from "./git-error.ts";
import { BranchName, checked, CommitId } from "./git-names.ts";
import { assertOwnedPaths, changedPaths } from "./owned-paths.ts";
import type { Remote } from "./scratch.ts";

/** What shall be merged, and under which name it takes effect at most once. */
export interface MergeRequest extends Remote {
  readonly branch: string;
  readonly into: "main";
  /** Deduplication id of the stage run, with a suffix for a step inside it. */
  readonly stageRun: string;
  /** The branch's head that was checked; another one is refused. */
  readonly expectedHead: string;
  /** Globs that the merge may change (J9). */
  readonly owned: readonly string[];
  /** Journal sequence of the dispatch that asks for it; a fence of a later one refuses it. */
  readonly dispatch?: number | undefined;
  /** Asked each time right before the push: what it throws ends it, and nothing has changed. */
  readonly confirm?: (() => Promise<void>) | undefined;
  /** First line of the merge commit. */
  readonly subject: string;
}

function requireHead(branch: BranchName, expected: CommitId, head: CommitId | undefined): void {
  if (head === expected) return;
  if (head === undefined)
    throw new GitError({
      class: "deterministic",
      code: "E_GIT_NOT_FOUND",
      message: `the remote has no branch ${branch}`,
      action: "Push the branch before it is merged.",
    });
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_HEAD_MOVED",
    message: `the gate was for ${expected}, but the head of ${branch} is ${head}`,
    action: "Find out who pushed to the branch; run the stage again as a new run.",
  });
}

/**
 * Merges a branch into main at most once per `stageRun`, as a merge commit. Throws a GitError: deterministic if the
 * branch's head isn't `expectedHead` or conflicts, policy if it changes what isn't owned, transient if the remote doesn't
 * answer (call again: what took effect is found).
 */
export async function mergeOnce(request: MergeRequest): Promise<ActionReceipt> {
  const branch = checked(BranchName, request.branch);
  const head = checked(CommitId, request.expectedHead);
  const subject = checked(z.string().regex(/^\P{Cc}{1,100}$/u), request.subject);
  return actOnce({
    ...request,
    action: request.stageRun,
    branch,
    async build(scratch, heads) {
      requireHead(branch, head, heads.branch);
      const before = heads.main;
      const base = await scratch.text(["merge-base", before, head]);
      assertOwnedPaths(await changedPaths(scratch, base, head), request.owned);
      const tree = await mergedTree(scratch, before, head);
      const message = `${subject}\n\n${trailers(request.stageRun, heads.marks)}`;
      const time = commitTime();
      const commit = await writeCommit(scratch, { tree, parents: [before, head], message, time });
      return { action: request.stageRun, commit, before, head, time };
    },
  });
}
