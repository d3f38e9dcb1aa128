/**
 * `up.json`: what runs on a data folder, for other commands and for people. One lies in the data folder itself; one in
 * the project's `.baton` names the mesh that commands talk to when nothing else is said.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { MeshName, PublicKey } from "@baton/contracts";
import { makeFolder, readPrivateFile } from "@baton/files";
import { z } from "zod";

const End = z.object({ time: z.iso.datetime(), how: z.string() });

/** Content of `up.json`. */
export const MeshState = z.object({
  v: z.literal(1),
  /** Of the process that watches over all others: ending it ends the mesh. */
  pid: z.int().positive(),
  startedAt: z.iso.datetime(),
  dataDir: z.string(),
  natsUrl: z.string(),
  /** Its key registry. */
  people: z.string().optional(),
  /** The mesh's name, and the keys that its receipts are signed with. */
  mesh: z.object({ name: MeshName, receiptKeys: z.array(PublicKey) }),
  monitorUrl: z.string().optional(),
  /** Address of a trace's page, with `{traceId}`. */
  traceLink: z.string().max(2000).optional(),
  /** Every acknowledged write has been synced to the disk. */
  syncAlways: z.boolean(),
  /** HTTP address by service. */
  addresses: z.record(z.string(), z.string()),
  /** Process number by service, nats-server included. */
  pids: z.record(z.string(), z.int().positive()),
  /** How often each was started again, since when its process runs, and how the ones before ended. */
  runs: z
    .record(
      z.string(),
      z.object({
        restarts: z.int().min(0),
        startedAt: z.iso.datetime().optional(),
        /** Null until that process is ready for the first time. */
        readyAt: z.iso.datetime().nullable().optional(),
        /** Ends that nobody asked for, the latest last. */
        faults: z.array(End).max(50).optional(),
        lastEnd: End.optional(),
      }),
    )
    .optional(),
});
export type MeshState = z.infer<typeof MeshState>;

const MAX_BYTES = 100_000;

/** The state in a file that is the user's own and closed to everybody else; undefined if there is none that can be read. */
export function readState(file: string): MeshState | undefined {
  try {
    const text = readPrivateFile(file, { maxBytes: MAX_BYTES, link: "refused" });
    return text === undefined ? undefined : MeshState.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Writes the state; readers see the whole file or the one before. */
export function writeState(file: string, state: MeshState): void {
  makeFolder(dirname(file));
  const partial = `${file}.${process.pid}.new`;
  // A name that is there already may be a link that somebody else laid.
  rmSync(partial, { force: true });
  try {
    writeFileSync(partial, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(partial, file);
  } catch (error) {
    // A full disk is left no fuller.
    rmSync(partial, { force: true });
    throw error;
  }
}

/** The files that tell other commands of a mesh, and where it's said that they can't be written. */
interface StateFiles {
  /** The data folder's own. */
  readonly file: string;
  /** Left alone while it's about another mesh that runs. */
  readonly pointer?: string | undefined;
  readonly log: (line: string) => void;
}

/**
 * What tells other commands of the mesh. The mesh runs on where it can't, as on a full disk or in a read-only checkout: that is said
 * once, and tried again with the next state.
 */
export function openStateFiles({ file, pointer, log }: StateFiles): (state: MeshState) => void {
  const own = tellingOnce(log, "commands may see this mesh's processes as they were before");
  const second = tellingOnce(log, "commands may find this mesh only by --data");
  return (state) => {
    own(() => writeState(file, state));
    second(() => {
      if (pointer !== undefined && !isHeldByOther(pointer)) writeState(pointer, state);
    });
  };
}

/** Says of failures in a row the first. */
function tellingOnce(log: (line: string) => void, what: string): (write: () => void) => void {
  let isTold = false;
  return (write) => {
    try {
      write();
      isTold = false;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!isTold) log(`${what}: ${why}`);
      isTold = true;
    }
  };
}

/** Removes the file if it's about the mesh of process `pid`. */
export function removeState(file: string, pid: number): void {
  if (readState(file)?.pid === pid) rmSync(file, { force: true });
}

/** True if the mesh that the file is about belongs to another process that still runs. */
export function isHeldByOther(file: string): boolean {
  const held = readState(file);
  return held !== undefined && held.pid !== process.pid && isRunning(held.pid);
}

/** True if there's a process of that number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** True if there's a process of that number, and it is one that this user may end. */
export function isOurs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
