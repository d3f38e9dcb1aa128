/**
 * Reads what an operator wrote for services to obey: a key registry, limits, policies, a playbook. Anybody may read it; who may
 * write it decides what the service does.
 *
 * O1: what counts is the file that was opened, by its handle: a regular one, of this user or of root, that nobody else may write.
 * O2: nobody else may put another file in its place: the folder that it is named in, and the one that it lies in if links lead
 *     there, are this user's or root's and nobody else may write them. One with the sticky bit will do: only the owner of a name
 *     in it can replace that. So will one on a read-only mount, as a kubelet mounts ConfigMaps (root, 0777, links through `..data`).
 * O3: a group may write where it is this process's own primary one, or root handed it to a group of this process (fsGroup).
 */
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";

import { type Reader, thisProcess, UnsafeFile } from "./read-private-file.ts";

const ROOT = 0;
const STICKY = 0o1000;

interface ReadOptions {
  readonly maxBytes?: number;
  readonly reader?: Reader;
}

/**
 * The bytes of the file at `path`. Throws UnsafeFile for one that somebody else could have written (O1, O2) or that isn't a regular
 * file of `maxBytes` at most; what the system says of one that is absent or can't be opened is thrown as it is.
 */
export function readOwnFile(
  path: string,
  { maxBytes = 1_000_000, reader = thisProcess() }: ReadOptions = {},
): Buffer {
  // Non-blocking, so that a FIFO without a writer is refused instead of waited for.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile())
      throw new UnsafeFile(path, "must be a regular file", "Name the file itself.");
    refuseStranger(path, stat, reader);
    for (const folder of new Set([dirname(resolve(path)), dirname(realpathSync(path))]))
      refuseOpenFolder(folder, reader);
    // A link in a folder with the sticky bit could be anybody's, and lead to another file of ours.
    if (lstatSync(path).isSymbolicLink()) refuseOwner(path, lstatSync(path), reader);
    if (stat.size > maxBytes)
      throw new UnsafeFile(
        path,
        `must have ${maxBytes} bytes at most, but has ${stat.size}`,
        "Name the right file.",
      );
    const bytes = Buffer.alloc(stat.size);
    return bytes.subarray(0, readSync(file, bytes, 0, stat.size, 0));
  } finally {
    closeSync(file);
  }
}

/** What to do about a file that `readOwnFile` didn't give: what it says itself, else `otherwise`. */
export function unsafeAction(error: unknown, otherwise: string): string {
  return error instanceof UnsafeFile ? error.action : otherwise;
}

function refuseStranger(path: string, stat: Stats, reader: Reader): void {
  refuseOwner(path, stat, reader);
  if (!mayOthersWrite(stat, reader)) return;
  throw new UnsafeFile(
    path,
    `must be writable by nobody but its owner, but has mode ${shown(stat)}`,
    `Look whether its content is what you mean, then run chmod go-w on it.`,
  );
}

function refuseOwner(path: string, { uid }: Stats, reader: Reader): void {
  if (uid === reader.uid || uid === ROOT) return;
  throw new UnsafeFile(
    path,
    `must belong to the user who reads it (${reader.uid}) or to root, but belongs to user ${uid}`,
    "Copy it to a file of your own, if you trust who made it.",
  );
}

function refuseOpenFolder(folder: string, reader: Reader): void {
  const stat = statSync(folder);
  refuseOwner(folder, stat, reader);
  if (!mayOthersWrite(stat, reader) || (stat.mode & STICKY) !== 0 || isReadOnly(folder)) return;
  throw new UnsafeFile(
    folder,
    `must be writable by nobody but its owner, as a file in it is obeyed, but has mode ${shown(stat)}`,
    "Run chmod go-w on the folder, or move the file to one of your own.",
  );
}

/** O3. */
function mayOthersWrite({ mode, uid, gid }: Stats, reader: Reader): boolean {
  if ((mode & 0o002) !== 0) return true;
  const isOurs = gid === reader.gid || (uid === ROOT && reader.groups.includes(gid));
  return (mode & 0o020) !== 0 && !isOurs;
}

function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EROFS";
  }
}

function shown({ mode }: Stats): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
