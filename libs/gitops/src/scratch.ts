/**
 * A throw-away local repository for one piece of work: nothing in it outlives the work, so whatever a killed process
 * left behind (a lock file, half a clone) is never met again; the next one that opens the same folder sweeps it away.
 */
import { randomUUID } from "node:crypto";
import { readdir, realpath, rm, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

import type { HistoryMarks } from "@baton/contracts";
import { makeFolder } from "@baton/files";

import { GitError } from "./git-error.ts";
import { type GitAnswer, gitEnvironment, type GitRun, runGit } from "./git-process.ts";
import {
  credentialVariables,
  type RepositoryAddress,
  repositoryAddress,
} from "./repository-address.ts";
import { removeStaleLocks } from "./stale-locks.ts";

/** What connects actions on main with the mesh's history. */
export interface HistoryGuard {
  /** How far it has come; undefined where nobody can say. */
  marks(): Promise<HistoryMarks | undefined>;
  /** Refuses by throwing if it doesn't have what main says. */
  require(marks: HistoryMarks): Promise<void>;
}

/** Where to work: a repository, and a folder for throw-away clones that belongs to this one service. */
export interface Remote {
  /** Absolute path, or file://, https://, http://, ssh:// without credentials. */
  readonly repository: string;
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  /** Access token for an https repository; sent to its host only, never shown, never on a command line. */
  readonly token?: string | undefined;
  /** See G5 of the action ledger; without it commits say nothing of the history, and nothing is asked. */
  readonly history?: HistoryGuard | undefined;
}

/** A throw-away local repository that knows its remote. */
export interface Scratch extends AsyncDisposable {
  readonly dir: string;
  readonly address: RepositoryAddress;
  git(args: readonly string[], options?: Partial<GitRun>): Promise<GitAnswer>;
  /** Same, as trimmed text. */
  text(args: readonly string[], options?: Partial<GitRun>): Promise<string>;
}

/** Leftovers of another machine (a container that is gone) are removed after this age. */
const FOREIGN_LEFTOVER_MS = 24 * 3600 * 1000;
const NAME = /^scratch\.([A-Za-z0-9-]+)\.(\d+)\.[0-9a-f]{8}$/;

function hostLabel(): string {
  return hostname().replaceAll(/[^A-Za-z0-9-]/g, "-") || "host";
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** True if nobody can be using it any more: its process is gone, or had the same id before this one started. */
async function isLeftover(path: string, host: string, pid: number): Promise<boolean> {
  const made = (await stat(path)).birthtimeMs;
  if (host !== hostLabel()) return Date.now() - made > FOREIGN_LEFTOVER_MS;
  if (pid === process.pid) return made < Date.now() - process.uptime() * 1000;
  return !isAlive(pid);
}

async function sweep(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    const [, host, pid] = NAME.exec(name) ?? [];
    if (host === undefined) continue;
    const path = join(cacheDir, name);
    try {
      if (await isLeftover(path, host, Number(pid)))
        await rm(path, { recursive: true, force: true });
    } catch {
      // Someone else swept it, or still writes to it; the next one will.
    }
  }
}

/**
 * A local repository of this user or of root. Whoever else owns one could have its hooks and programs run by a push: Git itself
 * refuses those (E_GIT_OWNERSHIP).
 */
async function trustedPaths({ path }: RepositoryAddress): Promise<readonly string[]> {
  if (path === undefined) return [];
  const real = await realpath(path).catch(() => path);
  const owner = await stat(real).then(
    ({ uid }) => uid,
    () => undefined,
  );
  return owner === 0 || owner === process.getuid?.() ? [...new Set([path, real])] : [];
}

async function configuration(address: RepositoryAddress): Promise<string> {
  const trusted = await trustedPaths(address);
  const quoted = (value: string) =>
    `"${value.replaceAll("\\", "\\\\").replaceAll('"', String.raw`\"`)}"`;
  return [
    "[user]\n\tname = Baton\n\temail = baton@baton.invalid\n\tuseConfigOnly = true",
    ...trusted.map((path) => `[safe]\n\tdirectory = ${quoted(path)}`),
    "[credential]\n\thelper =",
    "[gc]\n\tauto = 0",
    // However many objects come, they are one file, so that the bound of a file bounds them all; each thread has a stack.
    "[fetch]\n\tunpackLimit = 1",
    "[pack]\n\tthreads = 2",
    "[maintenance]\n\tauto = false",
    "[protocol]\n\tversion = 2",
    "[http]\n\tlowSpeedLimit = 1\n\tlowSpeedTime = 30\n\tfollowRedirects = false",
    "",
  ].join("\n");
}

/**
 * Lets a scratch repository read the objects of a bare repository on this machine where they are: a fetch then copies
 * none. What it makes itself stays its own until it is pushed.
 */
async function borrowObjects(address: RepositoryAddress, gitDir: string): Promise<void> {
  if (address.path === undefined) return;
  const objects = join(address.path, "objects");
  const there = await stat(objects).catch(() => undefined);
  if (there?.isDirectory() !== true) return;
  const info = join(gitDir, "objects", "info");
  makeFolder(info);
  await writeFile(join(info, "alternates"), `${objects}\n`);
}

/** Opens a throw-away repository, bare or with a work tree. */
export async function openScratch(
  { repository, cacheDir, signal, token }: Remote,
  { bare }: { bare: boolean },
): Promise<Scratch> {
  const address = repositoryAddress(repository);
  const credentials = token === undefined ? {} : credentialVariables(address, token);
  makeFolder(cacheDir);
  await sweep(cacheDir);
  const home = join(cacheDir, `scratch.${hostLabel()}.${process.pid}.${randomUUID().slice(0, 8)}`);
  const dir = join(home, bare ? "repository.git" : "tree");
  makeFolder(dir);
  await writeFile(join(home, "gitconfig"), await configuration(address));
  const env = { ...gitEnvironment(home), ...credentials };
  const git = async (args: readonly string[], options: Partial<GitRun> = {}) => {
    try {
      return await runGit({
        signal,
        ...options,
        args,
        cwd: dir,
        env: { ...env, ...options.env },
      });
    } catch (error) {
      // Whoever is refused by a lock that a killed process left in the remote takes it away; the next try gets through.
      const locked = error instanceof GitError && error.code === "E_GIT_LOCKED";
      if (locked && address.path !== undefined) await removeStaleLocks(address.path);
      throw error;
    }
  };
  await git([
    "init",
    "--quiet",
    "--template=",
    "--initial-branch=main",
    ...(bare ? ["--bare"] : []),
  ]);
  await borrowObjects(address, bare ? dir : join(dir, ".git"));
  return {
    dir,
    address,
    git,
    text: async (args, options) => (await git(args, options)).stdout.toString().trim(),
    [Symbol.asyncDispose]: () =>
      rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }),
  };
}
