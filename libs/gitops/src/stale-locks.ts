import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { GIT_TIMEOUT_MS } from "./git-process.ts";

/** A lock that is older was left by a killed process, as no command of ours runs that long; milliseconds. */
export const STALE_LOCK_MS = GIT_TIMEOUT_MS + 30_000;

/**
 * Removes the lock files of a repository on this machine that a killed git process left; younger ones stay. Without it
 * one killed push would stop all others for ever. Gives the number removed.
 */
export async function removeStaleLocks(repository: string, now = Date.now()): Promise<number> {
  const entries = await readdir(repository, { recursive: true, withFileTypes: true });
  let removed = 0;
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith(".lock")) continue;
    const path = join(entry.parentPath, entry.name);
    const made = (await stat(path).catch(() => undefined))?.mtimeMs;
    if (made === undefined || now - made <= STALE_LOCK_MS) continue;
    await rm(path, { force: true });
    removed += 1;
  }
  return removed;
}
