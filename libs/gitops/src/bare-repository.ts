import { randomUUID } from "node:crypto";
import { appendFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";

import { makeFolder } from "@baton/files";

import { type FileChanges, importStream } from "./fast-import.ts";
import { GitError, shown } from "./git-error.ts";
import type { CommitId } from "./git-names.ts";
import { gitEnvironment, runGit } from "./git-process.ts";
import { removeStaleLocks } from "./stale-locks.ts";

/** Date of the first commit, the same for everyone: 2000-01-01T00:00:00Z. */
const FIRST_COMMIT_TIME = 946_684_800;

/** Rules that the remote itself keeps, and what makes an acknowledged push survive a power loss. */
const SETTINGS = `
[receive]
\tdenyNonFastForwards = true
\tdenyDeletes = true
\tfsckObjects = true
\tadvertiseAtomic = true
[core]
\tfsync = committed,loose-object,reference
\tlogAllRefUpdates = true
[gc]
\tauto = 0
`;

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function build(dir: string, branch: string, files: FileChanges): Promise<void> {
  const home = `${dir}.home`;
  makeFolder(home);
  await writeFile(join(home, "gitconfig"), "");
  const env = gitEnvironment(home);
  const git = (args: readonly string[], input?: Buffer) => runGit({ args, cwd: home, env, input });
  try {
    await git([
      "init",
      "--quiet",
      "--bare",
      "--template=",
      `--initial-branch=${branch}`,
      "--",
      dir,
    ]);
    await appendFile(join(dir, "config"), SETTINGS);
    const stream = importStream({
      ref: `refs/heads/${branch}`,
      from: undefined,
      message: "Start the repository",
      files,
      time: FIRST_COMMIT_TIME,
    });
    await git(["-C", dir, "fast-import", "--quiet", "--done"], stream);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function headOf(dir: string, branch: string): Promise<CommitId> {
  const env = { ...gitEnvironment("/nonexistent"), GIT_CONFIG_GLOBAL: "/dev/null" };
  const args = ["rev-parse", "--verify", "--quiet", `refs/heads/${branch}^{commit}`];
  const answer = await runGit({ args, cwd: dir, env: { ...env, GIT_DIR: dir } });
  return answer.stdout.toString().trim();
}

/**
 * Makes a bare repository with one commit, or leaves the one that is there as it is; gives the head of its default branch.
 * Appears all at once, so a killed call leaves no half of it, only `<dir>.<process>-….new`. Throws a deterministic GitError if something else is in
 * the way.
 */
export async function createBareRepository(
  dir: string,
  {
    defaultBranch = "main",
    initialFiles = {},
  }: { defaultBranch?: "main"; initialFiles?: FileChanges } = {},
): Promise<CommitId> {
  if (!isAbsolute(dir))
    throw new GitError({
      class: "deterministic",
      code: "E_GIT_ADDRESS",
      message: `repository folder ${shown(dir)} is not an absolute path`,
      action: "Give an absolute path.",
    });
  if (!(await exists(join(dir, "HEAD")))) {
    makeFolder(dirname(dir));
    const fresh = `${dir}.${process.pid}-${randomUUID().slice(0, 8)}.new`;
    try {
      await build(fresh, defaultBranch, initialFiles);
      await rename(fresh, dir).catch((error: unknown) => refuseOther(dir, error));
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }
  await removeStaleLocks(dir);
  return headOf(dir, defaultBranch);
}

/** Someone may have made the same repository meanwhile; anything else in the way stays untouched. */
async function refuseOther(dir: string, cause: unknown): Promise<void> {
  if (await exists(join(dir, "HEAD"))) return;
  throw new GitError(
    {
      class: "deterministic",
      code: "E_GIT_IN_THE_WAY",
      message: `${shown(dir)} exists and is not a git repository`,
      action: "Name another folder or empty this one.",
    },
    { cause },
  );
}
