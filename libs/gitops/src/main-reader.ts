import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { leavingNothing } from "./fetch-leftovers.ts";
import { GitError } from "./git-error.ts";
import { checked, CommitId, RepositoryPath } from "./git-names.ts";
import { isAcceptedOnMain, lostAction, mainHas, namesAt } from "./main-history.ts";
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
  /**
   * Which commit on main brought each of `names` in `folder` as it is at the head that `files` saw last: one look at the
   * history for all of them. `since`: a head that the others are known from, looked at first. Names without one are left out.
   */
  brought(
    folder: string,
    names: readonly string[],
    since?: CommitId,
  ): Promise<ReadonlyMap<string, Bringing>>;
  /**
   * True if the head that `files` saw last goes on from `commit`, or people accepted on main that it doesn't
   * (main-history.ts).
   */
  goesOnFrom(commit: CommitId): Promise<boolean>;
  /** Commit of the latest action that this head should have and doesn't; undefined for none. One round trip. */
  lostAction(): Promise<CommitId | undefined>;
  /** Names of the files directly in `folder` at an earlier head; undefined if the repository doesn't have that any more. */
  namesAt(commit: CommitId, folder: string): Promise<readonly string[] | undefined>;
}

/** The commit on main that brought a file as it is. */
export interface Bringing {
  readonly commit: CommitId;
  /** When the commit was made, in Unix milliseconds, to the second. */
  readonly timeMs: number;
}

/** A file's content since one commit on main. */
export interface FileVersion extends Bringing {
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
    // A name may hold tabs itself: only the first parts it from what is told before it.
    const tab = line.indexOf("\t");
    const [meta, path] = [line.slice(0, Math.max(0, tab)), line.slice(tab + 1)];
    const [mode, , blob = "", bytes] = meta.split(/ +/);
    // Links, folders, what is too large, and what is no file of ours: nobody's notes beside them may be in the way.
    if (!mode?.startsWith("100") || Number(bytes) > MAX_FILE_BYTES) continue;
    if (!path.endsWith(".yaml")) continue;
    found.push({ name: path.slice(folder.length + 1), blob });
  }
  if (found.length <= MAX_FILES) return found;
  // What is left out would count as removed.
  throw new GitError({
    class: "deterministic",
    code: "E_GIT_LIMIT",
    message: `${folder} on main has ${found.length} files; at most ${MAX_FILES} are read`,
    action: "Remove what isn't needed from main.",
  });
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
  const form = ["--first-parent", "--format=%H %ct"];
  const log = await scratch.text(["log", ...form, bound, MAIN, "--", path]);
  const commits = log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => bringing(line));
  const found = await objects(
    scratch,
    commits.map(({ commit }) => `${commit}:${path}`),
  );
  return commits.map((of, index) => ({ ...of, content: found[index] })).toReversed();
}

/** A commit and its time in seconds, as git logs it by `%H %ct`. */
function bringing(line: string): Bringing {
  const [commit = "", seconds] = line.split(" ");
  return { commit, timeMs: Number(seconds) * 1000 };
}

/** Commits that are looked at before the whole history is: what was changed lately is among them. */
const RECENT_COMMITS = 1000;

async function brought(
  scratch: Scratch,
  folder: string,
  { names, since }: { readonly names: readonly string[]; readonly since: CommitId | undefined },
): Promise<ReadonlyMap<string, Bringing>> {
  checked(RepositoryPath, folder);
  const wanted = new Set(names);
  const found = new Map<string, Bringing>();
  const ranges = [
    // Main may have been moved back behind it; then it's in none of the commits after.
    ...(since === undefined ? [] : [[`${checked(CommitId, since)}..${MAIN}`]]),
    [`--max-count=${RECENT_COMMITS}`, MAIN],
    [MAIN],
  ];
  for (const range of ranges) {
    if (found.size === wanted.size) break;
    const form = ["--first-parent", "-m", "--no-renames", "--name-only", "--format=@%H %ct"];
    // 128: what main was moved back behind may be gone.
    const log = await scratch.text(["log", ...form, ...range, "--", `${folder}/`], {
      okay: range[0]?.includes("..") === true ? [0, 128] : [0],
    });
    let at: Bringing | undefined;
    for (const line of log.split("\n")) {
      if (line.startsWith("@")) {
        at = bringing(line.slice(1));
        continue;
      }
      const name = line.slice(folder.length + 1);
      if (at !== undefined && wanted.has(name) && !found.has(name)) found.set(name, at);
    }
  }
  return found;
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

/**
 * Opens a reader of main. Its calls throw a GitError: transient if the remote doesn't answer; after one that failed `files` comes
 * first.
 */
export async function openMainReader(remote: Remote): Promise<MainReader> {
  let scratch = await openScratch(remote, { bare: true });
  let fetches = 0;
  // After a fetch that broke off nobody knows what the clone has: it isn't asked again.
  let isSpoiled = false;
  const spoil = (): void => void (isSpoiled = true);
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
      if (isSpoiled || fetches % FETCHES_PER_CLONE === 0) {
        const old = scratch;
        scratch = await openScratch(remote, { bare: true });
        isSpoiled = false;
        await old[Symbol.asyncDispose]();
      }
      return leavingNothing(scratch.dir, () => files(scratch, folder), spoil);
    },
    history: (path) => history(scratch, path),
    brought: (folder, names, since) => brought(scratch, folder, { names, since }),
    goesOnFrom: async (commit) =>
      (await mainHas(scratch, commit)) || (await isAcceptedOnMain(scratch, commit)),
    lostAction: () => leavingNothing(scratch.dir, () => lostAction(scratch), spoil),
    namesAt: (commit, folder) => namesAt(scratch, commit, folder),
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}
