/** What an earlier attempt of a stage run pushed. */
import { BranchName, branchPattern, checked } from "./git-names.ts";
import { fetchHeads } from "./remote-heads.ts";
import { openScratch, type Remote } from "./scratch.ts";

/** How git says that a commit has no such path. */
const NOT_THERE = 128;

/** The file `path` on the run's branch, from whatever day; undefined if the remote has no such branch, or the branch no such file. */
export async function readRunFile(
  remote: Remote,
  of: { readonly lane: string; readonly runId: string; readonly path: string },
): Promise<{ readonly branch: BranchName; readonly bytes: Buffer } | undefined> {
  await using scratch = await openScratch(remote, { bare: true });
  const refs = ["ls-remote", "--quiet", "--", scratch.address.url, branchPattern(of)];
  const name = (await scratch.text(refs)).split("\n")[0]?.split("\trefs/heads/")[1];
  if (name === undefined) return undefined;
  const branch = checked(BranchName, name);
  const { branch: head } = await fetchHeads(scratch, branch);
  if (head === undefined) return undefined;
  const shown = ["cat-file", "blob", `${head}:${of.path}`];
  const { code, stdout } = await scratch.git(shown, { okay: [0, NOT_THERE] });
  return code === 0 ? { branch, bytes: stdout } : undefined;
}
