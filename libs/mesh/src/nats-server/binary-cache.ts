/**
 * The project's own nats-server programs: `<folder>/<version>-<platform>/nats-server`.
 *
 * An entry appears by one rename, so a reader sees a whole one or none, whatever is killed when.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { claimWhenFree } from "./claim.ts";
import { checkServerVersion, compareVersions, readServerVersion } from "./server-version.ts";

/** A program and the version that it said it is. */
export interface CachedServer {
  readonly path: string;
  readonly version: string;
}

/** Puts a nats-server program somewhere below `work`, an empty folder, and answers with its path. */
export type Fetcher = (work: string) => Promise<string>;

/** Such as `linux-x64`; programs of one platform don't run on another, and a checkout may be shared. */
const PLATFORM = `${process.platform}-${process.arch}`;
const PROGRAM = process.platform === "win32" ? "nats-server.exe" : "nats-server";

/** The newest program in the cache that runs here and is new enough. */
export async function readCache(
  folder: string,
  signal: AbortSignal,
): Promise<CachedServer | undefined> {
  const suffix = `-${PLATFORM}`;
  const versions = listFolder(folder)
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .filter((version) => checkServerVersion(version).ok)
    .toSorted((a, b) => compareVersions(b, a));
  for (const version of versions) {
    const path = join(folder, version + suffix, PROGRAM);
    const runs = await readServerVersion(path, signal).catch(() => undefined);
    if (runs === version) return { path, version };
  }
  signal.throwIfAborted();
  return undefined;
}

/**
 * Fills the cache with what `fetcher` brings, once for all processes that ask at the same time:
 * the others wait and then find it there.
 */
export async function fillCache(options: {
  folder: string;
  signal: AbortSignal;
  log: (message: string) => void;
  fetcher: Fetcher;
}): Promise<CachedServer & { fetched: boolean }> {
  const { folder, signal, log, fetcher } = options;
  const claim = await claimWhenFree(join(folder, "claims"), {
    signal,
    waiting: (pid) => log(`nats-server is being fetched by process ${pid}; waiting for it`),
  });
  try {
    const present = await readCache(folder, signal);
    if (present !== undefined) return { ...present, fetched: false };
    for (const name of listFolder(folder)) {
      // With the claim in hand these are left-overs of a process that was killed.
      if (name.startsWith("work-")) rmSync(join(folder, name), { recursive: true, force: true });
    }
    const work = mkdtempSync(join(folder, "work-"));
    try {
      const installed = await install({ folder, work, program: await fetcher(work), signal });
      return { ...installed, fetched: true };
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  } finally {
    claim.release();
  }
}

async function install(options: {
  folder: string;
  work: string;
  program: string;
  signal: AbortSignal;
}): Promise<CachedServer> {
  const { folder, work, program, signal } = options;
  chmodSync(program, 0o755);
  const version = await readServerVersion(program, signal);
  const check = checkServerVersion(version);
  if (!check.ok) throw new Error(check.reason);
  const staged = join(work, "entry");
  mkdirSync(staged);
  renameSync(program, join(staged, PROGRAM));
  const entry = join(folder, `${version}-${PLATFORM}`);
  // What's there didn't run, or it would have been found.
  rmSync(entry, { recursive: true, force: true });
  renameSync(staged, entry);
  return { path: join(entry, PROGRAM), version };
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
