/** A stage run's own clone: it starts where its branch stands, and is thrown away afterwards. */
import { type FileChanges, importStream } from "./fast-import.ts";
import { GitError } from "./git-error.ts";
import { BranchName, branchName, branchPattern, checked, CommitId } from "./git-names.ts";
import { assertOwnedPaths, changedPaths } from "./owned-paths.ts";
import { containsCommit, fetchHeads, type RemoteHeads } from "./remote-heads.ts";
import { openScratch, type Remote, type Scratch } from "./scratch.ts";

/** A clone with a work tree on one branch; dispose of it when the stage run is over. */
export interface Worktree extends AsyncDisposable {
  /** Folder with the checked-out files. */
  readonly dir: string;
  readonly branch: BranchName;
  /** Commit that the work's changes are counted from. */
  readonly base: CommitId;
  head(): Promise<CommitId>;
  /**
   * Commits these files on the branch and checks them out. Gives the new head, or the old one if they are there already,
   * so a repeated stage run adds nothing.
   */
  commitFiles(change: { files: FileChanges; message: string }): Promise<CommitId>;
  /** Paths changed since `base`, sorted; refuses (class policy) links, and anything outside `owned`. */
  changedPaths(owned?: readonly string[]): Promise<readonly string[]>;
  /** Pushes the branch, fast-forward only; gives the head that the remote has then. */
  push(): Promise<CommitId>;
}

/**
 * The branch of `lane` for `runId`: the one that the remote has from whatever day, or a new name with today's date, so a
 * stage run that is repeated after midnight goes on with its own branch.
 */
export async function runBranch(
  remote: Remote,
  of: { lane: string; runId: string; today: Date },
): Promise<BranchName> {
  await using scratch = await openScratch(remote, { bare: true });
  const found = await scratch.text([
    "ls-remote",
    "--quiet",
    "--",
    scratch.address.url,
    branchPattern(of),
  ]);
  const name = found.split("\n")[0]?.split("\trefs/heads/")[1];
  return name === undefined ? branchName({ ...of, day: of.today }) : checked(BranchName, name);
}

interface Start {
  readonly start: CommitId;
  readonly base: CommitId;
}

async function mergeBase(scratch: Scratch, one: CommitId, other: CommitId): Promise<CommitId> {
  return scratch.text(["merge-base", one, other], { okay: [0, 1] });
}

/** Asks what was fetched for it: a repository on this machine may lend more objects than its branches reach. */
async function requireCommit(scratch: Scratch, wanted: CommitId): Promise<void> {
  if (await containsCommit(scratch, wanted)) return;
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_NOT_FOUND",
    message: `base commit ${wanted} is not in the repository`,
    action: "Name a commit that main contains.",
  });
}

/** A branch that main contains starts again at main: its next push is still a fast-forward. */
async function startOf(
  scratch: Scratch,
  heads: RemoteHeads,
  wanted: CommitId | undefined,
): Promise<Start> {
  if (wanted !== undefined) await requireCommit(scratch, wanted);
  const from = wanted ?? heads.main;
  if (heads.branch === undefined) return { start: from, base: from };
  const common = await mergeBase(scratch, heads.branch, from);
  if (common === heads.branch) return { start: from, base: from };
  if (wanted === undefined || common === wanted) return { start: heads.branch, base: common };
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_BASE",
    message: `base ${wanted} is not an ancestor of the branch's head ${heads.branch}`,
    action: "Name the commit that the branch was started at, or leave the base out.",
  });
}

async function commit(
  scratch: Scratch,
  branch: BranchName,
  change: { files: FileChanges; message: string },
): Promise<CommitId> {
  const ref = "refs/baton/pending";
  const time = Math.floor(Date.now() / 1000);
  await scratch.git(["fast-import", "--quiet", "--done", "--force"], {
    input: importStream({ ...change, ref, from: `refs/heads/${branch}`, time }),
  });
  const [made = "", madeTree, old = "", oldTree] = (
    await scratch.text(["rev-parse", ref, `${ref}^{tree}`, "HEAD", "HEAD^{tree}"])
  ).split("\n");
  if (madeTree === oldTree) return checked(CommitId, old);
  await scratch.git(["reset", "--quiet", "--hard", made]);
  return checked(CommitId, made);
}

/** What the remote has on the branch if it is the very same content as ours. */
async function sameContent(scratch: Scratch, branch: BranchName): Promise<CommitId | undefined> {
  const { branch: theirs } = await fetchHeads(scratch, branch);
  if (theirs === undefined) return undefined;
  const trees = await scratch.text(["rev-parse", "HEAD^{tree}", `${theirs}^{tree}`]);
  const [ours, other] = trees.split("\n");
  return ours === other ? theirs : undefined;
}

async function push(scratch: Scratch, branch: BranchName): Promise<CommitId> {
  const head = await scratch.text(["rev-parse", "HEAD"]);
  try {
    const spec = `${head}:refs/heads/${branch}`;
    await scratch.git(["push", "--quiet", "--porcelain", "--", scratch.address.url, spec]);
    return head;
  } catch (error) {
    // An earlier attempt of the same stage run may have pushed the same files meanwhile.
    if (!(error instanceof GitError) || error.class !== "transient") throw error;
    const theirs = await sameContent(scratch, branch);
    if (theirs === undefined) throw error;
    await scratch.git(["reset", "--quiet", "--hard", theirs]);
    return theirs;
  }
}

/**
 * Opens a clone of its own on `branch`: at the branch's head if the remote has it and main doesn't contain it, else at
 * `base` (default: main). Throws a GitError: transient if the remote doesn't answer, deterministic for a wrong name.
 */
export async function openWorktree(
  options: Remote & { readonly branch: string; readonly base?: string | undefined },
): Promise<Worktree> {
  const branch = checked(BranchName, options.branch);
  const wanted = options.base === undefined ? undefined : checked(CommitId, options.base);
  const scratch = await openScratch(options, { bare: false });
  try {
    const heads = await fetchHeads(scratch, branch);
    const { start, base } = await startOf(scratch, heads, wanted);
    await scratch.git(["checkout", "--quiet", "-B", branch, start, "--"]);
    return {
      dir: scratch.dir,
      branch,
      base,
      head: () => scratch.text(["rev-parse", "HEAD"]),
      commitFiles: (change) => commit(scratch, branch, change),
      changedPaths: async (owned) => {
        const changed = await changedPaths(
          scratch,
          base,
          await scratch.text(["rev-parse", "HEAD"]),
        );
        if (owned !== undefined) assertOwnedPaths(changed, owned);
        return changed;
      },
      push: () => push(scratch, branch),
      [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
    };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}
