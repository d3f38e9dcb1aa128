/**
 * The project's own copies of a program, such as nats-server: `<folder>/<version>-<platform>/nats-server`.
 *
 * An entry appears by one rename, so a reader sees a whole one or none, whatever is killed when.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

import { compareVersions, type VersionCheck } from "@baton/mesh";

import { claimWhenFree } from "./claim.ts";

/** A program that can be fetched. */
export interface Program {
  /** Of its file, without `.exe`. */
  readonly name: string;
  /** The version that a file says it is; rejects if it is no such program. */
  readVersion(path: string, signal: AbortSignal): Promise<string>;
  /** Whether a version will do. */
  checkVersion(version: string): VersionCheck;
}

/** A program's file and the version that it said it is. */
export interface CachedProgram {
  readonly path: string;
  readonly version: string;
}

/** Puts the program somewhere below `work`, an empty folder, and answers with its path. */
export type Fetcher = (work: string) => Promise<string>;

/** Such as `linux-x64`; programs of one platform don't run on another, and a checkout may be shared. */
const PLATFORM = `${process.platform}-${process.arch}`;
const SUFFIX = process.platform === "win32" ? ".exe" : "";

/** The newest program in the cache that runs here and is new enough. */
export async function readCache(
  { folder, program }: { folder: string; program: Program },
  signal: AbortSignal,
): Promise<CachedProgram | undefined> {
  const suffix = `-${PLATFORM}`;
  const versions = listFolder(folder)
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .filter((version) => program.checkVersion(version).ok)
    .toSorted((a, b) => compareVersions(b, a));
  for (const version of versions) {
    const path = join(folder, version + suffix, program.name + SUFFIX);
    const runs = await program.readVersion(path, signal).catch(() => undefined);
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
  program: Program;
  signal: AbortSignal;
  log: (message: string) => void;
  fetcher: Fetcher;
}): Promise<CachedProgram & { fetched: boolean }> {
  const { folder, program, signal, log, fetcher } = options;
  const claim = await claimWhenFree(join(folder, "claims"), {
    signal,
    waiting: (pid) => log(`${program.name} is being fetched by process ${pid}; waiting for it`),
  });
  try {
    const present = await readCache({ folder, program }, signal);
    if (present !== undefined) return { ...present, fetched: false };
    for (const name of listFolder(folder)) {
      // With the claim in hand these are left-overs of a process that was killed.
      if (name.startsWith("work-")) rmSync(join(folder, name), { recursive: true, force: true });
    }
    const work = mkdtempSync(join(folder, "work-"));
    try {
      const installed = await install({ folder, work, program, file: await fetcher(work), signal });
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
  program: Program;
  file: string;
  signal: AbortSignal;
}): Promise<CachedProgram> {
  const { folder, work, program, file, signal } = options;
  const name = program.name + SUFFIX;
  chmodSync(file, 0o755);
  const version = await program.readVersion(file, signal);
  const check = program.checkVersion(version);
  if (!check.ok) throw new Error(check.reason);
  const staged = join(work, "entry");
  mkdirSync(staged);
  renameSync(file, join(staged, name));
  const entry = join(folder, `${version}-${PLATFORM}`);
  // What's there didn't run, or it would have been found.
  rmSync(entry, { recursive: true, force: true });
  renameSync(staged, entry);
  return { path: join(entry, name), version };
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
