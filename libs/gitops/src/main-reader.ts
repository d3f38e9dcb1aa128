import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { GitError } from "./git-error.ts";
import { checked, CommitId, RepositoryPath } from "./git-names.ts";
import { fetchHeads, MAIN } from "./remote-heads.ts";
import type { RepositoryAddress } from "./repository-address.ts";
import { openScratch, type Remote, type Scratch } from "./scratch.ts";

/** Largest file that is read, in bytes: 1 MiB. */
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_FILES = 5000;

/** Reads the main branch of a repository over and over; one at a time. */
export interface MainReader extends AsyncDisposable {
  /** Head of main now: one round trip, none while a repository on this machine stays as it was. */
  head(): Promise<CommitId>;
  /** The plain files directly in `folder` at the head of main, by name. */
  files(folder: string): Promise<{ commit: CommitId; files: ReadonlyMap<string, string> }>;
  /**
   * How a file came to be what it is at the head that `files` saw last: one version per commit on main that changed it,
   * the oldest first, at most the last 200. Undefined where it was removed.
   */
  history(path: string): Promise<readonly FileVersion[]>;
  /** Names of files directly in `folder` that main had since commit `since` (or ever) and doesn't have any more. */
  removed(folder: string, since?: CommitId): Promise<readonly string[]>;
}

/** A file's content since one commit on main. */
export interface FileVersion {
  readonly commit: CommitId;
  readonly content: string | undefined;
}

const MAX_VERSIONS = 200;
/** A clone that is fetched into again and again grows and gets slow; a new one is compact. */
const FETCHES_PER_CLONE = 500;

async function head(scratch: Scratch): Promise<CommitId> {
  const args = ["ls-remote", "--quiet", "--", scratch.address.url, "refs/heads/main"];
  const [commit = ""] = (await scratch.text(args)).split("\t");
  if (commit !== "") return commit;
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_NOT_FOUND",
    message: "the repository has no branch main",
    action: "Create it, e.g. by starting the dry run again.",
  });
}

interface TreeFile {
  readonly name: string;
  readonly blob: string;
}

async function listing(scratch: Scratch, commit: CommitId, folder: string): Promise<TreeFile[]> {
  const tree = await scratch.git(["ls-tree", "-z", "--long", commit, "--", `${folder}/`]);
  const found: TreeFile[] = [];
  for (const line of tree.stdout.toString().split("\0")) {
    const [meta = "", path = ""] = line.split("\t");
    const [mode, , blob = "", bytes] = meta.split(/ +/);
    // Links, folders and what is too large are not for us.
    if (!mode?.startsWith("100") || Number(bytes) > MAX_FILE_BYTES) continue;
    found.push({ name: path.slice(folder.length + 1), blob });
  }
  return found.slice(0, MAX_FILES);
}

/** The objects by name, undefined where there is none. */
async function objects(
  scratch: Scratch,
  names: readonly string[],
): Promise<readonly (string | undefined)[]> {
  if (names.length === 0) return [];
  const input = names.map((name) => `${name}\n`).join("");
  const { stdout } = await scratch.git(["cat-file", "--batch"], { input });
  let at = 0;
  return names.map(() => {
    const end = stdout.indexOf("\n", at);
    const [, kind, size] = stdout.subarray(at, end).toString().split(" ");
    at = end + 1;
    if (kind !== "blob") return undefined;
    const text = stdout.subarray(at, at + Number(size)).toString();
    at += Number(size) + 1;
    return text;
  });
}

async function history(scratch: Scratch, path: string): Promise<readonly FileVersion[]> {
  checked(RepositoryPath, path);
  const bound = `--max-count=${MAX_VERSIONS}`;
  const log = await scratch.text(["log", "--first-parent", "--format=%H", bound, MAIN, "--", path]);
  const commits = log.split("\n").filter((commit) => commit !== "");
  const found = await objects(
    scratch,
    commits.map((commit) => `${commit}:${path}`),
  );
  return commits.map((commit, index) => ({ commit, content: found[index] })).toReversed();
}

async function removed(
  scratch: Scratch,
  folder: string,
  since: CommitId | undefined,
): Promise<readonly string[]> {
  checked(RepositoryPath, folder);
  const range = since === undefined ? MAIN : `${checked(CommitId, since)}..${MAIN}`;
  const log = ["log", "--first-parent", "--diff-filter=D", "--no-renames", "--name-only", "-z"];
  const paths = await scratch.text([...log, "--format=", range, "--", `${folder}/`]);
  const present = new Set((await listing(scratch, MAIN, folder)).map(({ name }) => name));
  const names = paths
    .split("\0")
    .map((path) => path.trim().slice(folder.length + 1))
    .filter((name) => name !== "" && !name.includes("/") && !present.has(name));
  return [...new Set(names)];
}

async function files(
  scratch: Scratch,
  folder: string,
): Promise<{ commit: CommitId; files: ReadonlyMap<string, string> }> {
  checked(RepositoryPath, folder);
  const { main: commit } = await fetchHeads(scratch);
  const listed = await listing(scratch, commit, folder);
  const texts = await objects(
    scratch,
    listed.map(({ blob }) => blob),
  );
  return {
    commit,
    files: new Map(listed.map(({ name }, index) => [name, texts[index] ?? ""] as const)),
  };
}

/**
 * What changes whenever main moves in a repository on this machine: its file, or all refs' file if it is packed. Undefined
 * where git has to be asked: a remote repository, main only another name, refs kept otherwise or not readable.
 */
async function mainStamp({ path }: RepositoryAddress): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const main = await readFile(join(path, "refs/heads/main"), "utf8");
    return main.startsWith("ref:") ? undefined : main;
  } catch (error) {
    const isPacked = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isPacked) return undefined;
    const refs = await stat(join(path, "packed-refs"), { bigint: true }).catch(() => undefined);
    return refs && `${refs.ino} ${refs.ctimeNs} ${refs.size}`;
  }
}

/** Opens a reader of main. Its calls throw a GitError: transient if the remote doesn't answer. */
export async function openMainReader(remote: Remote): Promise<MainReader> {
  let scratch = await openScratch(remote, { bare: true });
  let fetches = 0;
  let seen: { stamp: string; head: CommitId } | undefined;
  return {
    async head() {
      // Looked at first: a move in between is seen the next time.
      const stamp = await mainStamp(scratch.address);
      if (stamp !== undefined && seen?.stamp === stamp) return seen.head;
      const now = await head(scratch);
      seen = stamp === undefined ? undefined : { stamp, head: now };
      return now;
    },
    async files(folder) {
      fetches += 1;
      if (fetches % FETCHES_PER_CLONE === 0) {
        const old = scratch;
        scratch = await openScratch(remote, { bare: true });
        await old[Symbol.asyncDispose]();
      }
      return files(scratch, folder);
    },
    history: (path) => history(scratch, path),
    removed: (folder, since) => removed(scratch, folder, since),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
