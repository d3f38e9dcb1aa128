/** Small files that outlive a loss of power: the whole new content is on the disk, or the one before. */
import { open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

let writes = 0;

/** Writes and syncs file and folder; the folder must be there. Rejects with the system's error, and leaves nothing half written then. */
export async function writeDurably(file: string, text: string): Promise<void> {
  writes += 1;
  const fresh = `${file}.${process.pid}-${writes}.new`;
  try {
    const handle = await open(fresh, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  } catch (error) {
    // A full disk is left no fuller.
    await rm(fresh, { force: true });
    throw error;
  }
  const folder = await open(dirname(file), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The file's text; undefined if there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
