/** A stage run's own clone: it starts where its branch stands, and is thrown away afterwards. */
import { type FileChanges, importStream } from "./fast-import.ts";
import { GitError } from "./git-error.ts";
import { BranchName, branchName, branchPattern, checked, CommitId } from "./git-names.ts";
import { assertOwnedPaths, changedPaths } from "./owned-paths.ts";
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

const MAIN = "refs/remotes/origin/main";
const THEIRS = "refs/remotes/origin/branch";

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

async function has(scratch: Scratch, ref: string): Promise<boolean> {
  const answer = await scratch.git(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`], {
    okay: [0, 1, 128],
  });
  return answer.code === 0;
}

async function isAncestor(scratch: Scratch, older: string, newer: string): Promise<boolean> {
  const args = ["merge-base", "--is-ancestor", older, newer];
  return (await scratch.git(args, { okay: [0, 1] })).code === 0;
}

/** A pattern that matches one ref or none: a branch that isn't there is no error. */
const refspecs = (branch: BranchName) => [
  "+refs/heads/main:refs/remotes/origin/main",
  `+refs/heads/${branch}*:refs/baton/fetched/${branch}*`,
];

async function fetchBranches(scratch: Scratch, branch: BranchName): Promise<void> {
  const flags = ["--quiet", "--no-tags", "--no-write-fetch-head"];
  await scratch.git(["fetch", ...flags, "--", scratch.address.url, ...refspecs(branch)]);
  if (await has(scratch, `refs/baton/fetched/${branch}`))
    await scratch.git(["update-ref", THEIRS, `refs/baton/fetched/${branch}`]);
}

interface Start {
  readonly start: CommitId;
  readonly base: CommitId;
}

async function startOf(scratch: Scratch, wanted: CommitId | undefined): Promise<Start> {
  const main = await scratch.text(["rev-parse", MAIN]);
  if (wanted !== undefined && !(await has(scratch, wanted)))
    throw new GitError({
      class: "deterministic",
      code: "E_GIT_NOT_FOUND",
      message: `base commit ${wanted} is not in the repository`,
      action: "Name a commit that main contains.",
    });
  const base = wanted ?? main;
  // A branch that main contains starts again at main: its next push is still a fast-forward.
  if (!(await has(scratch, THEIRS)) || (await isAncestor(scratch, THEIRS, base)))
    return { start: base, base };
  const theirs = await scratch.text(["rev-parse", THEIRS]);
  if (wanted === undefined)
    return { start: theirs, base: await scratch.text(["merge-base", theirs, main]) };
  if (await isAncestor(scratch, wanted, theirs)) return { start: theirs, base: wanted };
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_BASE",
    message: `base ${wanted} is not an ancestor of the branch's head ${theirs}`,
    action: "Name the commit that the branch was started at, or leave the base out.",
  });
}

async function commit(
  scratch: Scratch,
  change: { files: FileChanges; message: string },
): Promise<CommitId> {
  const from = await scratch.text(["rev-parse", "HEAD"]);
  const pending = "refs/baton/pending";
  const time = Math.floor(Date.now() / 1000);
  await scratch.git(["fast-import", "--quiet", "--done", "--force"], {
    input: importStream({ ...change, ref: pending, from, time }),
  });
  const [made = "", madeTree, oldTree] = (
    await scratch.text(["rev-parse", pending, `${pending}^{tree}`, "HEAD^{tree}"])
  ).split("\n");
  if (madeTree === oldTree) return from;
  await scratch.git(["reset", "--quiet", "--hard", made]);
  return checked(CommitId, made);
}

/** What the remote has on the branch if it is the very same content as ours. */
async function sameContent(scratch: Scratch, branch: BranchName): Promise<CommitId | undefined> {
  await fetchBranches(scratch, branch);
  if (!(await has(scratch, THEIRS))) return undefined;
  const [ours, theirs, commitId = ""] = (
    await scratch.text(["rev-parse", "HEAD^{tree}", `${THEIRS}^{tree}`, THEIRS])
  ).split("\n");
  return ours === theirs ? commitId : undefined;
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
    await fetchBranches(scratch, branch);
    const { start, base } = await startOf(scratch, wanted);
    await scratch.git(["checkout", "--quiet", "-B", branch, start, "--"]);
    return {
      dir: scratch.dir,
      branch,
      base,
      head: () => scratch.text(["rev-parse", "HEAD"]),
      commitFiles: (change) => commit(scratch, change),
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
