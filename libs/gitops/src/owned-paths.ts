import { matchesGlob } from "node:path";

import { cut } from "@baton/contracts";

import { GitError, shown } from "./git-error.ts";
import type { CommitId } from "./git-names.ts";
import type { Scratch } from "./scratch.ts";

/** Most paths that a refusal names. */
const NAMED = 20;

/** Refuses (class policy) a change outside the globs that the caller owns (J9); whoever made it. */
export function assertOwnedPaths(changed: readonly string[], owned: readonly string[]): void {
  const foreign = changed.filter((path) => !owned.some((glob) => matchesGlob(path, glob)));
  if (foreign.length === 0) return;
  const named = foreign.slice(0, NAMED).map((path) => shown(path, 35));
  const more = foreign.length > NAMED ? `, and ${foreign.length - NAMED} more` : "";
  throw new GitError({
    class: "policy",
    code: "E_SURFACE",
    message: cut(
      `${foreign.length} changed path(s) aren't owned (owned: ${owned.join(", ") || "none"}): ${named.join(", ")}${more}`,
    ),
    action: "Nothing of it was committed. Keep the change inside the lane's own surfaces.",
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
        code: "E_SURFACE",
        message: `${shown(path)} became a ${mode === "120000" ? "symbolic link" : "submodule"}`,
        action: "Commit plain files only.",
      });
    paths.push(path);
  }
  return paths.toSorted();
}
