/** What `baton up` remembers of each service's processes: since when the present one runs, and which ends nobody asked for. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { MeshState } from "@baton/client";
import { readOwnFile } from "@baton/files";
import { exitInWords, type ProcessExit, type ServiceEvent } from "@baton/supervisor";

/** Ends that are remembered of a service. */
const MOST_FAULTS = 10;

type RunState = NonNullable<MeshState["runs"]>[string];

/** The book. */
export interface RunBook {
  /** Takes what happened; `now` in milliseconds since 1970. */
  note(event: ServiceEvent, now: number): void;
  /** Of one service, without what its supervisor counts. */
  of(service: string): Omit<RunState, "restarts">;
}

/** Opens an empty one; `root` is the mesh's data folder. */
export function openRunBook(root: string): RunBook {
  const runs = new Map<string, Omit<RunState, "restarts">>();
  return {
    of: (service) => runs.get(service) ?? {},
    note: (event, now) => {
      const { service } = event;
      const time = new Date(now).toISOString();
      const before = runs.get(service) ?? {};
      if (event.kind === "started")
        runs.set(service, { ...before, startedAt: time, readyAt: null });
      if (event.kind === "ready") runs.set(service, { ...before, readyAt: time });
      if (event.kind !== "ended") return;
      const end = { time, how: exitInWords(event.exit) };
      const asked = wasAsked(root, event);
      const faults = [...(before.faults ?? []), ...(asked ? [] : [end])].slice(-MOST_FAULTS);
      runs.set(service, { ...before, faults, lastEnd: end });
    },
  };
}

/** A process that ends with 0 was told to, or begins anew on purpose. */
function wasAsked(
  root: string,
  { service, pid, exit }: { service: string; pid: number; exit: ProcessExit },
): boolean {
  const asked = askedFor(root, service) === pid;
  if (asked) rmSync(noteOf(root, service), { force: true });
  return asked || exit.code === 0;
}

/**
 * Leaves word that a person ends this process; whoever watches over it then doesn't take it for a fault. Where it can't be left, as on
 * a full disk, answers why: the end may be asked for all the same.
 */
export function askForEnd(root: string, service: string, pid: number): string | undefined {
  const file = noteOf(root, service);
  try {
    writeFileSync(file, `${pid}\n`, { mode: 0o600 });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function askedFor(root: string, service: string): number | undefined {
  try {
    return Number(readOwnFile(noteOf(root, service), { maxBytes: 100 }).toString("utf8"));
  } catch {
    return undefined;
  }
}

function noteOf(root: string, service: string): string {
  return join(root, "run", `${service}.asked-to-end`);
}
