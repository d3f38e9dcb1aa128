/**
 * What a fetch that failed leaves in a repository that lives on: half a pack (`tmp_pack_…`), or a whole one without what was asked
 * for. A server that answers so every time would fill the disk with it.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Runs a fetch into a bare repository; of one that fails everything it brought is removed, and `onLeft` told that there was something. */
export async function leavingNothing<T>(
  dir: string,
  fetch: () => Promise<T>,
  onLeft: () => void,
): Promise<T> {
  const before = new Set(await packsIn(dir));
  try {
    return await fetch();
  } catch (error) {
    const left = (await packsIn(dir)).filter((name) => !before.has(name));
    if (left.length > 0) onLeft();
    // What can't be removed now goes with the repository.
    await Promise.allSettled(left.map((name) => rm(join(packs(dir), name), { force: true })));
    throw error;
  }
}

function packs(dir: string): string {
  return join(dir, "objects", "pack");
}

function packsIn(dir: string): Promise<string[]> {
  return readdir(packs(dir)).catch(() => []);
}
