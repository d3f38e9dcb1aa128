/**
 * Making a folder with those above it. Node's own way of doing so never ends below /proc and /sys, which say of any new name that
 * it isn't there: each level is tried once here.
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Makes `path` and what it lies in, with `mode` (0700 unless said); what is there stays. Throws the system's error otherwise. */
export function makeFolder(path: string, { mode = 0o700 }: { readonly mode?: number } = {}): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isFolder(path)) return;
    const parent = dirname(path);
    if (!isAbsent(error) || parent === path) throw error;
    makeFolder(parent, { mode });
    // Where it was the parent that was absent, this works; anything else is the answer.
    makeOne(path, mode);
  }
}

/** Of two who make it at once both have it. */
function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
