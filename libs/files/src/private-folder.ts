/**
 * Folders for what nobody else may write, wherever they are: a shared temporary folder is full of names that others made.
 *
 * P1: a folder that we make ourselves has a name that nobody can know before, and mode 0700.
 * P2: one that has a given name is ours: a real folder, not a link, owned by this user, closed to all others. One that isn't is
 *     refused and left alone.
 * P3: a mounted one that root has handed to a group of this process (a pod's fsGroup, mode 2770) gets a folder by P2 inside.
 * P4: one that a person names for data is this user's, with all that lies in it, and nobody else may write it; others may look, and
 *     a link of this user's own may lead to it. Otherwise a name in it could lead what is written anywhere.
 */
import { lstatSync, readdirSync, statSync } from "node:fs";
import { lstat, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { makeFolder } from "./make-folder.ts";
import { isHandedOver } from "./read-private-file.ts";

/** Somebody else's folder stands where ours should be. */
export class UnsafeFolder extends Error {
  override readonly name = "UnsafeFolder";
  readonly code = "E_UNSAFE_FOLDER";
  readonly class = "deterministic";
  /** What to do next. */
  readonly action: string;

  constructor(
    path: string,
    problem: string,
    rule = "a folder for a service's own files belongs to its user and is closed to others (mode 0700)",
  ) {
    super(`${path} ${problem}: ${rule}`);
    this.action = `Find out who made ${path}; name another folder (in a pod, one inside the volume), or remove it.`;
  }
}

/** A folder of this process alone. */
export interface PrivateFolder {
  readonly path: string;
  /** Removes it with everything in it; may be called again. */
  remove(this: void): Promise<void>;
}

/** Makes an empty folder in the system's temporary folder (P1); `purpose` is what its name starts with. */
export async function privateFolder(purpose: string): Promise<PrivateFolder> {
  const path = await mkdtemp(join(tmpdir(), `baton-${purpose}-`));
  const remove = (): Promise<void> =>
    rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  return { path, remove };
}

/** Makes the folder `path` unless it is there, and gives back which is ours: it, or one inside (P3). Throws UnsafeFolder if there is none (P2). */
export async function ownFolder(path: string): Promise<string> {
  makeFolder(path);
  const { uid, gid, mode, ...kind } = await statOf(path);
  if (kind.isLink) throw new UnsafeFolder(path, "is a link");
  if (!kind.isFolder) throw new UnsafeFolder(path, "isn't a folder");
  const own = process.getuid?.();
  const isMounted = uid === 0 && (mode & 0o007) === 0 && isHandedOver({ uid, gid });
  // Who is in that group could put a folder of theirs in its place: it is looked at as strictly as any other.
  if (isMounted) return ownFolder(join(path, `own-${own ?? 0}`));
  if (own !== undefined && uid !== own) throw new UnsafeFolder(path, `belongs to user ${uid}`);
  if ((mode & 0o077) !== 0)
    throw new UnsafeFolder(path, `has mode ${(mode & 0o777).toString(8).padStart(4, "0")}`);
  return path;
}

/** Of the name itself: what a link leads to is somebody else's choice. */
async function statOf(path: string) {
  const found = await lstat(path);
  const { uid, gid, mode } = found;
  return { uid, gid, mode, isLink: found.isSymbolicLink(), isFolder: found.isDirectory() };
}

const DATA_RULE =
  "a data folder and what lies in it belong to the user who works with it, and nobody else may write it (`chmod go-w`)";

/** Throws UnsafeFolder if the folder `path`, which is there, or something in it may be of others' making (P4). */
export function refuseForeign(path: string): void {
  const own = process.getuid?.();
  if (own === undefined) return;
  const problem = ({ uid }: { uid: number }): string | undefined =>
    uid === own ? undefined : `belongs to user ${uid}`;
  const refuse = (what: string, why: string | undefined): void => {
    if (why !== undefined) throw new UnsafeFolder(what, why, DATA_RULE);
  };
  refuse(path, problem(lstatSync(path)));
  const found = statSync(path);
  refuse(path, problem(found));
  const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
  refuse(path, (found.mode & 0o022) === 0 ? undefined : `has mode ${mode}`);
  for (const name of readdirSync(path)) {
    const inside = join(path, name);
    refuse(inside, problem(lstatSync(inside)));
  }
}
