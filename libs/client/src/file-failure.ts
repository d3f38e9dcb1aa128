/** What the system says of files and folders, in words: which one, why, and what to set so that it is another. */
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";

import { EXIT, type FailureDetails } from "@baton/text/user-error";

const ROOT = join(import.meta.dirname, "../../..");

/** Why, by the system's code; the others are faults of ours. */
const WHY: Readonly<Record<string, string>> = {
  EACCES: "this user may not do that there",
  EPERM: "this user may not do that there",
  EROFS: "it is on a read-only file system",
  ENOSPC: "no space is left on the disk",
  EDQUOT: "this user's share of the disk is used up",
  EIO: "the disk doesn't read or write it",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ENOTDIR: "part of the path is a file, not a folder",
  EISDIR: "it is a folder",
  EEXIST: "something else has that name",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "the name is too long",
  ENOENT: "what it shall lie in isn't there",
};
/** Nothing is wrong with what was typed. */
const UNAVAILABLE: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE"]);
/** An absent file that was to be read is a fault of ours: what people name is read by those who say so. */
const MAKES: ReadonlySet<string> = new Set(["mkdir", "mkdtemp", "rename", "link", "copyfile"]);

/** The failure to show for an error of the system about a path; undefined for any other error. */
export function fileFailure(error: Error): FailureDetails | undefined {
  const { code, path, syscall }: NodeJS.ErrnoException = error;
  if (code === undefined || syscall === undefined) return undefined;
  if (path === undefined) return diskFailure(error, code, syscall);
  const why = Object.hasOwn(WHY, code) ? WHY[code] : undefined;
  if (why === undefined || (code === "ENOENT" && !MAKES.has(syscall))) return undefined;
  const isUnavailable = UNAVAILABLE.has(code);
  return {
    code: isUnavailable ? "E_UNAVAILABLE" : "E_INVALID",
    exit: isUnavailable ? EXIT.unavailable : EXIT.invalid,
    message: `a file or folder can't be used: ${why} (${syscall}: ${code})`,
    value: path,
    action: `${isUnavailable ? "Make room there, or" : "Correct owner and mode, or"} ${elsewhere(path)}.`,
    cause: error,
  };
}

/** Of a write that fails the system doesn't say which file: only what is true of whole disks is told then. */
function diskFailure(cause: Error, code: string, syscall: string): FailureDetails | undefined {
  if (!UNAVAILABLE.has(code)) return undefined;
  return {
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `something can't be written: ${WHY[code]} (${syscall}: ${code})`,
    action:
      "Make room where Baton keeps its data (`df`; --data, HOME and TMPDIR say where), and do it again.",
    cause,
  };
}

/** How another place is named. */
function elsewhere(path: string): string {
  if (isBelow(path, join(ROOT, ".baton"))) return "name another data folder by --data";
  if (isBelow(path, homeFolder()))
    return "set HOME to a folder that you may write to; BATON_KEY_FILE names only the key's file, BATON_MESHES_FILE that of the meshes";
  if (isBelow(path, tmpdir())) return "set TMPDIR to another folder for what is temporary";
  return "name another path where this one came from (an option, or a variable BATON_…_FILE)";
}

function isBelow(path: string, folder: string): boolean {
  return !relative(folder, path).startsWith("..");
}

/** The user's home; one that doesn't exist where the system knows of none. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return "/nonexistent";
  }
}
