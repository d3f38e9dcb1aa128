/** What an entry rests on: its own, and what the earlier ones of its chain brought that it names. */
import { createHash } from "node:crypto";

import type { JournalEntry, NamedArtifact } from "./record.ts";

/** All of it; `faults`: why it isn't what the entry was decided on. */
export interface ChainBasis {
  /** As it was submitted; undefined where nothing that counts has it. */
  readonly spec: unknown;
  readonly artifacts: readonly NamedArtifact[];
  readonly faults: readonly string[];
}

/** Follows the names of `entry` in `before`, the entries of its candidate that were stored before it. */
export function basisOf(entry: JournalEntry, before: readonly JournalEntry[]): ChainBasis {
  const { earlier, sha256, spec, made } = entry.basis;
  const named = earlier.flatMap((at) => before.find(({ sequence }) => sequence === at) ?? []);
  const faults: string[] = [];
  if (named.length < earlier.length)
    faults.push(`rests on ${earlier.join(", ")}, not all of which are earlier entries of it`);
  const digest = sha256Of(named.map((one) => one.sha256).join(""));
  if (earlier.length > 0 && named.length === earlier.length && digest !== sha256)
    faults.push(`rests on ${earlier.join(", ")}, which aren't what it was decided on`);
  const brought = named.map(({ basis }) => basis);
  return {
    spec: spec ?? brought.find((one) => one.spec !== undefined)?.spec,
    artifacts: [...brought.flatMap((one) => one.made), ...made],
    faults,
  };
}

/** SHA-256 of a text, in lower-case hex. */
export function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
