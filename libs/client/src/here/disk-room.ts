/** How much room a disk has. */
import { statfsSync } from "node:fs";

/** Less room than this is none, in bytes. */
export const ROOM_BYTES = 32 * 1024 * 1024;

/** Bytes that this user may still write at a path; undefined if nobody can tell. */
export function freeBytes(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

/** What to do about a full disk. */
export function fullText(path: string, free: number): string {
  return `the disk of ${path} is full (${(free / 1e6).toFixed(1)} MB left); make room, the rest follows by itself`;
}
