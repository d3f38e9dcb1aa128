import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

import { LIMITS } from "./limits.ts";
import { MarketError, type MarketErrorDetail, requireNotCancelled } from "./market-error.ts";

/**
 * The bytes of a regular file of at most {@link LIMITS}.bytes. A missing file is E_NOT_FOUND; a directory,
 * pipe or device is E_INVALID without being read; a fault of the machine is E_UNAVAILABLE and transient.
 */
export async function readFileBytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
  requireNotCancelled(signal, path);
  try {
    // Non-blocking, or a pipe that nobody writes to would hold the caller for ever.
    await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return await readRegular(handle, path, signal);
  } catch (cause) {
    requireNotCancelled(signal, path);
    throw cause instanceof MarketError ? cause : unreadable(cause, path);
  }
}

async function readRegular(handle: FileHandle, path: string, signal: AbortSignal) {
  const stats = await handle.stat();
  if (!stats.isFile()) {
    throw refused(path, {
      code: "E_INVALID",
      value: stats.isDirectory() ? "a directory" : "not a regular file",
      rule: "a regular file",
      action: "give the path of a CSV file",
    });
  }
  if (stats.size > LIMITS.bytes) throw tooLarge(path, stats.size);
  const bytes = await handle.readFile({ signal });
  // It may have grown since its size was asked for.
  if (bytes.length > LIMITS.bytes) throw tooLarge(path, bytes.length);
  return bytes;
}

/** E_LIMIT for content larger than {@link LIMITS}.bytes. */
export function tooLarge(where: string, bytes: number): MarketError {
  return refused(where, {
    code: "E_LIMIT",
    value: bytes,
    rule: `at most ${LIMITS.bytes} bytes`,
    action: "cut the file to a shorter range",
  });
}

function refused(where: string, detail: Omit<MarketErrorDetail, "where" | "class">): MarketError {
  return new MarketError({ class: "spec", where, ...detail });
}

function unreadable(cause: unknown, path: string): MarketError {
  const errno = cause instanceof Error && "code" in cause ? cause.code : undefined;
  switch (errno) {
    case "ENOENT":
    case "ENOTDIR":
      return refused(path, {
        code: "E_NOT_FOUND",
        value: path,
        rule: "a file that exists",
        action: "check the path",
        cause,
      });
    case "EACCES":
    case "EPERM":
    case "ELOOP":
    case "ENAMETOOLONG":
    case "ENXIO":
    case "ERR_INVALID_ARG_VALUE":
      return refused(path, {
        code: "E_INVALID",
        value: errno,
        rule: "a file that this user may read",
        action: "check the path and its permissions",
        cause,
      });
    default:
      return new MarketError({
        code: "E_UNAVAILABLE",
        class: "transient",
        where: path,
        value: errno ?? String(cause),
        rule: "a file that can be read",
        action: "try again; if it persists, look at the disk",
        cause,
      });
  }
}
