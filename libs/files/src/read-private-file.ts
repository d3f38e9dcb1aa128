/**
 * Reads what only its owner may know: keys, seeds, tokens. One rule for all of them.
 *
 * S1: what counts is the file that was opened, by its handle: a regular one, of this user or of root, closed to everybody else.
 *     Links are followed, as a mounted secret is one; whoever lays one can't make it lead to a file that isn't ours.
 * S2: a group may read it if this process is in that group by somebody's decision: the file is root's, or the group isn't the one
 *     that this user's own files get anyway. So a kubelet mounts secrets (root, the pod's fsGroup, mode 0440).
 * S3: nothing is waited for and nothing large is read.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** The file isn't one that only its owner may know, or can't be read. */
export class UnsafeFile extends Error {
  override readonly name = "UnsafeFile";
  readonly code = "E_UNSAFE_FILE";
  readonly class = "deterministic";
  readonly path: string;
  /** What must be, and what is. */
  readonly rule: string;
  /** What to do next. */
  readonly action: string;

  constructor(path: string, rule: string, action: string) {
    super(`${path}: ${rule}`);
    this.path = path;
    this.rule = rule;
    this.action = action;
  }
}

/** Who reads: this process, if left out. */
export interface Reader {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** What is taken, and by whom. */
interface ReadOptions {
  readonly maxBytes?: number;
  readonly reader?: Reader;
  /** Refused where the folder is somebody else's gift, such as a cloned repository: a link could name another file of ours. */
  readonly link?: "followed" | "refused";
}

const ROOT = 0;

/**
 * The text of the file at `path`, as UTF-8; undefined if there is none. Throws UnsafeFile for one that others may read or change, that
 * somebody else owns, that isn't a regular file of `maxBytes` at most, or that can't be read.
 */
export function readPrivateFile(
  path: string,
  { maxBytes = 65_536, reader = thisProcess(), link = "followed" }: ReadOptions = {},
): string | undefined {
  let file: number | undefined;
  try {
    // Non-blocking, so that a FIFO without a writer is refused instead of waited for.
    const noLink = link === "refused" ? constants.O_NOFOLLOW : 0;
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | noLink);
    const stat = fstatSync(file);
    if (!stat.isFile())
      throw new UnsafeFile(path, "must be a regular file", "Name the file itself.");
    refuseOthers(path, stat, reader);
    if (stat.size > maxBytes)
      throw new UnsafeFile(
        path,
        `must have ${maxBytes} bytes at most, but has ${stat.size}`,
        "Name the right file.",
      );
    const bytes = Buffer.alloc(stat.size);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, stat.size, 0));
  } catch (error) {
    if (error instanceof UnsafeFile) throw error;
    if (codeOf(error) === "ENOENT") return undefined;
    if (link === "refused" && codeOf(error) === "ELOOP")
      throw new UnsafeFile(path, "must be no link", "Name the file itself.");
    const why = error instanceof Error ? error.message : String(error);
    throw new UnsafeFile(path, `must be readable (${why})`, "Check the path and the file's owner.");
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function refuseOthers(
  path: string,
  { mode, uid, gid }: { mode: number; uid: number; gid: number },
  reader: Reader,
): void {
  if (uid !== reader.uid && uid !== ROOT)
    throw new UnsafeFile(
      path,
      `must belong to the user who reads it (${reader.uid}) or to root, but belongs to user ${uid}`,
      "Copy it to a file of your own with mode 0600, if you trust who made it.",
    );
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  const allowed = mayGroupRead({ uid, gid }, reader) ? 0o640 : 0o600;
  if ((mode & 0o777 & ~allowed) === 0) return;
  throw new UnsafeFile(
    path,
    `must have mode 0600 or 0400, but has ${shown}`,
    "Run chmod 600 on the file; if others could read it, change what is in it.",
  );
}

/** S2. */
function mayGroupRead(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  reader: Reader,
): boolean {
  const isIn = gid === reader.gid || reader.groups.includes(gid);
  return isIn && (gid !== reader.gid || uid !== reader.uid);
}

/** True if `gid` is a group that this process is in, and a folder or file of `uid` may be open to it (S2). */
export function isHandedOver(of: { readonly uid: number; readonly gid: number }): boolean {
  return mayGroupRead(of, thisProcess());
}

/** Who this process is to files. */
export function thisProcess(): Reader {
  return {
    uid: process.getuid?.() ?? ROOT,
    gid: process.getgid?.() ?? ROOT,
    groups: process.getgroups?.() ?? [],
  };
}
