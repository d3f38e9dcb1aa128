/** Makes the data folder of a mesh on this machine, and what must be in it before anything starts. */
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

import { openAuditKey } from "@baton/audit";
import { isRunning, type MeshDirectory } from "@baton/client";
import { fileFailure } from "@baton/client/file-failure";
import { makeFolder, refuseForeign } from "@baton/files";
import { createBareRepository } from "@baton/gitops";
import { UserError, EXIT } from "@baton/text/user-error";

/** A log larger than this is put aside when a mesh starts; one older one is kept. */
const MAX_LOG_BYTES = 32 * 1024 * 1024;

/** Folders in which every name is Baton's own. */
function inside({ root, keys, logs, broker, store }: MeshDirectory): string[] {
  return [keys, logs, broker, store, join(root, "people"), join(root, "run"), join(root, "work")];
}

/** Makes the folders. Throws a UserError if this user can't have them, or if others may have prepared them. */
export function makeFolders(directory: MeshDirectory, services: readonly string[]): void {
  const { root, logs, broker } = directory;
  const folders = [logs, broker, join(root, "run"), ...services.map(directory.workOf)];
  try {
    makeFolder(root);
    refuseForeign(root);
    for (const folder of inside(directory)) if (existsSync(folder)) refuseForeign(folder);
    for (const folder of folders) makeFolder(folder);
    // Shows that the folder is writable even if everything in it is there already.
    writeFileSync(join(root, "run", "writable"), "");
  } catch (cause) {
    // A full disk isn't the folder's fault.
    if (cause instanceof Error && fileFailure(cause)?.exit === EXIT.unavailable) throw cause;
    throw new UserError({
      code: "E_INVALID",
      exit: EXIT.invalid,
      message: `the data folder can't be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      value: root,
      rule: "a folder that this user may write to, and nobody else",
      action: "Name another one by --data, or correct its owner and mode.",
      cause,
    });
  }
}

/**
 * Makes what must be there before the services start: two repositories and the audit key. Nothing there is changed. A repository
 * that a mesh had and doesn't have any more is a loss: refused, unless `remakes` says that an empty one is wanted.
 */
export async function prepare(
  directory: MeshDirectory,
  { remakes = false }: { readonly remakes?: boolean | undefined } = {},
): Promise<void> {
  removeLeftovers(directory);
  if (!remakes) refuseLost(directory);
  // Whoever says that main is gone for good has accepted that the next one doesn't go on from it.
  else if (!existsSync(join(directory.gitops, "HEAD")))
    rmSync(join(directory.workOf("paper-engine"), "main-obeyed.json"), { force: true });
  const { pem } = openAuditKey(directory.auditKey, { create: true });
  replaceFile(directory.auditPublicKey, pem);
  // Both end before a failure is told: what is half made is then removed.
  const made = await Promise.allSettled([
    createBareRepository(directory.gitops, {
      initialFiles: {
        "README.md": "What runs: strategies/<candidateId>.yaml, one per strategy.\n",
      },
    }),
    createBareRepository(directory.strategies, {
      initialFiles: { "README.md": "Strategies, each on the branch of the run that built it.\n" },
    }),
  ]);
  const failed = made.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}

/** All of it or, on a full disk, what was there before. */
function replaceFile(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  const partial = `${path}.${process.pid}.new`;
  try {
    writeFileSync(partial, text, { flush: true });
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** Names of what a process makes before it has its own name: the process is named in them. */
const UNFINISHED = /\.(\d{1,10})(-[0-9a-z]{1,16})?\.new(\.home)?$/;

/** Removes what processes that were killed in the middle of it left half made; what a running one makes stays. */
function removeLeftovers({ root, keys }: MeshDirectory): void {
  for (const folder of [root, keys, join(root, "people")]) {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    for (const name of names) {
      const [, pid] = UNFINISHED.exec(name) ?? [];
      if (pid !== undefined && !isRunning(Number(pid)))
        rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}

/** A mark is kept from the first start on, when the repositories were there. */
function refuseLost({ mark, gitops, strategies }: MeshDirectory): void {
  if (!existsSync(mark)) return;
  const gone = [gitops, strategies].filter((path) => !existsSync(join(path, "HEAD")));
  const [path] = gone;
  if (path === undefined) return;
  const isMain = path === gitops;
  throw new UserError({
    code: "E_LOG_RESET",
    exit: EXIT.unavailable,
    message: `this mesh had a Git repository that isn't there any more: ${gone.join(", ")}; nothing was started`,
    rule: isMain
      ? "main says what runs and what has taken effect: an empty one would leave positions that nobody manages, and let everything take effect again"
      : "audit packs and rollouts name commits that are in it",
    action: `Bring it back from a copy or a clone (\`git clone --mirror COPY ${path}\`). Only if there is none: \`baton up --make-lost-repositories\`, and then \`baton doctor\` for what runs that main doesn't have.`,
  });
}

/** Puts a log aside that has grown too large. */
export function limitLog(file: string): void {
  if (existsSync(file) && statSync(file).size > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
}
