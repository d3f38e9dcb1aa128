/**
 * What a process has seen of the mesh's controls, held against every answer: a server whose data went back to an older copy
 * answers as surely as one that is right.
 *
 * M1: an answer counts only if it isn't older than what was seen when the question was sent, and still has that very message.
 * M2: there is always a state; none, or no stream, is a loss.
 * M3: a later epoch counts whatever was seen before it: people accepted the loss.
 * M4: with a file, what was seen is on the disk before anybody acts on it, and outlives the process.
 */
import { epochOf, type Loss, Mark, type StoredControls, STREAMS } from "@baton/contracts";
import { z } from "zod";

import { readIfThere, writeDurably } from "./durable-file.ts";
import { LogReset } from "./log-reset.ts";

/** A state with its digest. */
export interface MarkedControls {
  readonly stored: StoredControls;
  readonly mark: Mark;
}

/** The part of a state by which it is recognised. */
export const SeenControls = Mark.extend({ epoch: z.int().positive() });
export type SeenControls = z.infer<typeof SeenControls>;

/** What was seen. */
export interface ControlMemory {
  seen(): SeenControls | undefined;
  /** Takes what is known from elsewhere, such as a mark on main; older than what is known, it changes nothing. */
  learn(seen: SeenControls): Promise<void>;
  /**
   * Holds an answer against what was seen when it was asked for. Throws `LogReset`. `at` reads the mark of one message.
   */
  check(
    found: MarkedControls | "empty" | "absent",
    before: SeenControls | undefined,
    at: (sequence: number) => Promise<Mark | undefined>,
  ): Promise<StoredControls>;
}

/** Opens a memory, with what the file has; throws if it has something else. */
export async function openControlMemory(file?: string): Promise<ControlMemory> {
  const text = file === undefined ? undefined : await readIfThere(file);
  return memoryOf(text === undefined ? undefined : parse(text, file ?? ""), file);
}

/** A memory that ends with the process. */
export function forgetfulMemory(): ControlMemory {
  return memoryOf(undefined, undefined);
}

function parse(text: string, file: string): SeenControls {
  try {
    return SeenControls.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(
      `${file} doesn't say which controls were seen; remove it only if you know that they weren't lost`,
      { cause },
    );
  }
}

function memoryOf(known: SeenControls | undefined, file: string | undefined): ControlMemory {
  let seen = known;
  const learn = async (next: SeenControls): Promise<void> => {
    if (!isLater(next, seen)) return;
    seen = next;
    if (file !== undefined) await writeDurably(file, JSON.stringify(next));
  };
  return {
    seen: () => seen,
    learn,
    check: async (found, before, at) => {
      if (found === "absent" || found === "empty") throw lost(found, before, 0);
      const { stored, mark } = found;
      const epoch = epochOf(stored.controls);
      if (before && epoch <= before.epoch) {
        const { sequence } = mark;
        if (epoch < before.epoch || sequence < before.sequence)
          throw lost("shorter", before, sequence);
        const same = sequence === before.sequence ? mark : await at(before.sequence);
        if (same?.sha256 !== before.sha256) throw lost("other", before, sequence);
      }
      await learn({ ...mark, epoch });
      return stored;
    },
  };
}

function isLater(next: SeenControls, seen: SeenControls | undefined): boolean {
  if (!seen || next.epoch > seen.epoch) return true;
  return next.epoch === seen.epoch && next.sequence > seen.sequence;
}

function lost(
  what: Loss["kind"] | "empty",
  before: SeenControls | undefined,
  has: number,
): LogReset {
  const kind = what === "empty" ? "shorter" : what;
  // The mesh was made with the first entry.
  const seen = before?.sequence ?? (what === "absent" ? 0 : 1);
  return new LogReset([{ stream: STREAMS.controls.name, kind, seen, has, by: "this process" }]);
}
