/** Reads a file that a person named: bounded, and never waiting for ever. */
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readlink, realpath } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { UserError, EXIT } from "@baton/text/user-error";

/** How much and how long. */
export interface InputLimits {
  readonly maxBytes: number;
  /** What the limit is called, for the message. */
  readonly limit: string;
  /** A pipe that gives nothing for so long is given up. */
  readonly silentMs: number;
  /**
   * For what is sent to others: the file must really be in this folder or below it, whatever links its name goes through.
   * Undefined: any file will do.
   */
  readonly within?: string | undefined;
}

/** A file is not in the folder that it must be in: a link leads out of it, or the file was changed for another meanwhile. */
export class OutsideFolder extends UserError {
  constructor(path: string) {
    super({
      code: "E_INVALID",
      exit: EXIT.invalid,
      message: "the file is a link that leads out of its folder",
      value: path,
      rule: "what is sent to others is in the folder that is named, not somewhere that a link in it leads to",
      action: "Name the file itself, or put a copy in place of the link.",
    });
  }
}

/** The folder that a file which a person named must be in; undefined for what has no place: a pipe of the shell's, a device. */
export function folderOf(file: string): string | undefined {
  const path = resolve(file);
  return file === "-" || /^\/(?:dev|proc)\//.test(path) ? undefined : dirname(path);
}

const CHUNK = 65_536;
const POLL_MS = 20;

/** The bytes of a regular file, a pipe or, for `-`, standard input. Throws `UserError`: E_INVALID or E_LIMIT. */
export async function readInput(path: string, limits: InputLimits): Promise<Uint8Array> {
  if (path === "-") return readStandardInput(limits);
  if (path === "") throw unreadable(path, "its name is empty", "Name the file.");
  if (path.includes("\0")) throw unreadable(path, "its name holds a NUL", "Correct the name.");
  const file = await openFile(path, limits.within);
  try {
    const stat = await file.stat();
    if (stat.isDirectory()) throw unreadable(path, "it is a directory", "Name a file in it.");
    if (stat.isFile() && stat.size > limits.maxBytes) throw tooLarge(path, limits);
    return await readWhole(file, { shown: path, limits, waits: !stat.isFile() });
  } finally {
    await file.close();
  }
}

async function openFile(path: string, within: string | undefined): Promise<FileHandle> {
  const check = (error: unknown): never => {
    throw unreadable(path, inWords(error), "Check the path and its permissions.");
  };
  // Non-blocking: opening a pipe without a writer would wait for one.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  if (within === undefined) return await open(path, flags).catch(check);
  const folder = await realpath(within).catch(check);
  const real = await realpath(path).catch(check);
  if (!isInside(folder, real)) throw new OutsideFolder(path);
  const file = await open(real, flags | constants.O_NOFOLLOW).catch(check);
  try {
    await requireOpened(file, { path, real, folder });
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * A folder on the way may have become a link between the look and the opening, so it is what was opened that is looked at. Linux
 * says where it is; elsewhere its name must still be real and be that very file, which leaves a narrow gap.
 */
async function requireOpened(
  file: FileHandle,
  of: { readonly path: string; readonly real: string; readonly folder: string },
): Promise<void> {
  const at = await readlink(`/proc/self/fd/${file.fd}`).catch(() => undefined);
  if (at !== undefined) {
    if (!isInside(of.folder, at)) throw new OutsideFolder(of.path);
    return;
  }
  const named = await lstat(of.real, { bigint: true }).catch(() => undefined);
  const again = await realpath(of.real).catch(() => undefined);
  const opened = await file.stat({ bigint: true });
  const same = named?.dev === opened.dev && named.ino === opened.ino;
  if (again !== of.real || !same) throw new OutsideFolder(of.path);
}

/** True if `path` is below `folder`; neither is looked up. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && !isAbsolute(way) && way.split(/[\\/]/)[0] !== "..";
}

async function readWhole(
  file: FileHandle,
  { shown, limits, waits }: { shown: string; limits: InputLimits; waits: boolean },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  let heard = Date.now();
  for (;;) {
    const chunk = Buffer.alloc(CHUNK);
    const read = await readSome(file, chunk, shown);
    if (read > 0) {
      heard = Date.now();
      total += read;
      if (total > limits.maxBytes) throw tooLarge(shown, limits);
      chunks.push(chunk.subarray(0, read));
      continue;
    }
    // Of a pipe, nothing at all means that nobody has opened it for writing yet.
    const over = read === 0 && (!waits || total > 0);
    if (over) return Buffer.concat(chunks);
    if (Date.now() - heard > limits.silentMs) throw silent(shown, limits);
    await delay(POLL_MS);
  }
}

/** A stream, not a file: it may be a socket, which can't be opened by name. */
async function readStandardInput(limits: InputLimits): Promise<Uint8Array> {
  const shown = "standard input";
  const { stdin } = process;
  if (stdin.isTTY) {
    throw unreadable(shown, "it is a terminal", "Pipe something into it, or name a file.");
  }
  const chunks: Uint8Array[] = [];
  let total = 0;
  const silence = setTimeout(() => stdin.destroy(silent(shown, limits)), limits.silentMs);
  try {
    for await (const chunk of stdin) {
      const bytes = Buffer.from(chunk);
      silence.refresh();
      total += bytes.length;
      if (total > limits.maxBytes) throw tooLarge(shown, limits);
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(silence);
  }
}

/** Bytes read; 0 at the end, -1 if there is nothing right now. */
async function readSome(file: FileHandle, into: Buffer, shown: string): Promise<number> {
  try {
    return (await file.read(into, 0, into.length, null)).bytesRead;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return -1;
    throw unreadable(shown, inWords(error), "Check the file.");
  }
}

const ERRNO: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "you may not read it",
  EPERM: "you may not read it",
  ENOTDIR: "a part of its path isn't a directory",
  EISDIR: "it is a directory",
  ELOOP: "its symbolic links go round in a circle",
  ENAMETOOLONG: "its name is too long",
  EMFILE: "too many files are open",
  EIO: "the device failed to read it",
  ENXIO: "it is a device or socket that can't be read",
};

function inWords(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const words = ERRNO[code];
  if (words !== undefined) return `${words} (${code})`;
  return error instanceof Error ? error.message : String(error);
}

function unreadable(path: string, why: string, action: string): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `the file can't be read: ${why}`,
    value: path,
    action,
  });
}

function silent(shown: string, { silentMs }: InputLimits): UserError {
  const rule = `something comes within ${silentMs / 1000} s`;
  const action = "Check the program at its other end.";
  return unreadable(shown, `nothing was written to it (${rule})`, action);
}

function tooLarge(path: string, { limit }: InputLimits): UserError {
  return new UserError({
    code: "E_LIMIT",
    exit: EXIT.limit,
    message: "the file is too large",
    value: path,
    rule: `at most ${limit}`,
    action: "Check that it is the right file, or make it smaller.",
  });
}
