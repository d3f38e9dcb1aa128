import { link, open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";

/**
 * Writes a file so that under its name there is all of it or what was there before, whatever happens meanwhile. Without `replace`
 * a name that is taken is an EEXIST; a device or pipe is written to as it is. Rejects with the system's error.
 */
export async function writeWhole(
  path: string,
  bytes: Uint8Array,
  { replace }: { readonly replace: boolean },
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (replace && found && !found.isFile()) return writeFile(path, bytes, { flag: "w" });
  const target = found && replace ? await realpath(path) : path;
  const partial = `${target}.${process.pid}.new`;
  try {
    const file = await open(partial, "wx", 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link fails where the name is taken.
    await (replace ? rename(partial, target) : link(partial, target));
  } finally {
    await rm(partial, { force: true });
  }
}
