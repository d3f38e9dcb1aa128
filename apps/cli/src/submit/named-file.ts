/** Files that a specification names by path: relative to it, and in its folder. */
import { dirname, isAbsolute, resolve } from "node:path";

import { EXIT, UserError } from "@baton/text/user-error";

import { isInside, OutsideFolder, readInput } from "./read-input.ts";

/** What kind of file is wanted. */
export interface NamedKind {
  /** As messages call it. */
  readonly what: string;
  readonly maxBytes: number;
  /** The same in words. */
  readonly limit: string;
  /** What to do about one without content. */
  readonly empty: string;
}

const SILENT_MS = 10_000;

/** Reads it. Messages say what is wrong, not where: whoever asks knows. */
export async function readNamedFile(
  path: string,
  specification: string,
  { what, maxBytes, limit, empty }: NamedKind,
): Promise<Uint8Array> {
  const folder = specification === "-" ? process.cwd() : dirname(resolve(specification));
  const full = resolve(folder, path);
  if (path === "" || isAbsolute(path) || path.includes("\\") || !isInside(folder, full))
    throw outside(path, what);
  // A specification from elsewhere must not send files of this machine by way of a link either.
  const bytes = await readInput(full, {
    maxBytes,
    limit,
    silentMs: SILENT_MS,
    within: folder,
  }).catch((error: unknown) => {
    throw error instanceof OutsideFolder ? linkedOut(path, what) : error;
  });
  if (bytes.length > 0) return bytes;
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "the file is empty",
    value: path,
    action: empty,
  });
}

/** The path itself is right: what is wrong is where it leads. */
function linkedOut(path: string, what: string): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "is a symbolic link, or lies behind one, that leads out of the specification's folder",
    value: path,
    rule: "what is sent to others is in that folder, not somewhere that a link in it leads to",
    action: `Put a copy of the ${what} in place of the link.`,
  });
}

function outside(path: string, what: string): UserError {
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: "leaves the specification's folder",
    value: path,
    rule: "a relative path with '/', in the folder of the specification or below it",
    action: `Put the ${what} beside the specification.`,
  });
}
