import { checked, CommitId } from "./git-names.ts";
import { mainHas } from "./main-history.ts";
import { fetchHeads } from "./remote-heads.ts";
import { openScratch, type Remote } from "./scratch.ts";

/**
 * Those of `commits` that aren't in main's history: unknown to the repository, or on another branch only. Throws a GitError:
 * transient if the remote doesn't answer.
 */
export async function notOnMain(
  remote: Remote,
  commits: readonly string[],
): Promise<readonly CommitId[]> {
  const ids = commits.map((commit) => checked(CommitId, commit));
  if (ids.length === 0) return [];
  await using scratch = await openScratch(remote, { bare: true });
  await fetchHeads(scratch);
  const missing: CommitId[] = [];
  for (const id of ids) {
    if (!(await mainHas(scratch, id))) missing.push(id);
  }
  return missing;
}
