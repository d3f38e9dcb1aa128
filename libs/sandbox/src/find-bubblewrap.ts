/** Where bubblewrap is on this machine, and what to do where it isn't. */
import { accessSync, constants, globSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Copies that were fetched for this checkout: `<version>-<platform>/bwrap`. */
export const BUBBLEWRAP_CACHE = join(import.meta.dirname, "../../..", ".baton/cache/bubblewrap");

/** The one that BATON_BUBBLEWRAP names, one on PATH, where systems have it, or the checkout's own. */
export function findBubblewrap(
  env: Readonly<Record<string, string | undefined>> = process.env,
  cache = BUBBLEWRAP_CACHE,
): string | undefined {
  const named = env["BATON_BUBBLEWRAP"] ?? "";
  if (named !== "") return isProgram(named) ? named : undefined;
  const folders = [...(env["PATH"] ?? "").split(delimiter), "/usr/bin"];
  return [
    ...folders.filter((folder) => folder.startsWith("/")).map((folder) => join(folder, "bwrap")),
    ...globSync(`*-${process.platform}-${process.arch}/bwrap`, { cwd: cache })
      .toSorted()
      .map((name) => join(cache, name)),
  ].find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
