import { matchesGlob } from "node:path";

import { GitError, shown } from "./git-error.ts";
import type { CommitId } from "./git-names.ts";
import type { Scratch } from "./scratch.ts";

/** Refuses (class policy) a change outside the globs that the caller owns (J9). */
export function assertOwnedPaths(changed: readonly string[], owned: readonly string[]): void {
  const foreign = changed.filter((path) => !owned.some((glob) => matchesGlob(path, glob)));
  if (foreign.length === 0) return;
  throw new GitError({
    class: "policy",
    code: "E_GIT_NOT_OWNED",
    message: `${foreign.length} changed path(s) are not owned, first ${shown(foreign[0] ?? "")}; owned: ${owned.join(", ") || "none"}`,
    action: "Keep the change inside the lane's own surfaces.",
  });
}

/** Paths that differ between two commits, sorted. Refuses (class policy) symbolic links and submodules among them. */
export async function changedPaths(
  scratch: Scratch,
  from: CommitId,
  to: CommitId,
): Promise<readonly string[]> {
  const diff = await scratch.git(["diff-tree", "-r", "-z", "--raw", "--no-renames", from, to]);
  const fields = diff.stdout.toString().split("\0");
  const paths: string[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const path = fields[index + 1] ?? "";
    const mode = fields[index]?.split(" ")[1];
    if (mode === "120000" || mode === "160000")
      throw new GitError({
        class: "policy",
        code: "E_GIT_NOT_OWNED",
        message: `${shown(path)} became a ${mode === "120000" ? "symbolic link" : "submodule"}`,
        action: "Commit plain files only.",
      });
    paths.push(path);
  }
  return paths.toSorted();
}
