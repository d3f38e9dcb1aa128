import type { StoredEntry } from "@baton/contracts";

import { cutTo, printable, printableLines } from "../printable.ts";

/** `describe` shows all of it. */
const MAX_DETAIL = 160;

/** A journal entry as one line: when, who, where, why. */
export function renderMove({ sequence, entry }: StoredEntry, time: Date): string {
  const { candidateId, holder, stage, reason, detail } = entry;
  const clock = time.toISOString().slice(11, 23);
  const columns = [
    clock,
    candidateId.padEnd(17),
    holder.padEnd(6),
    stage.padEnd(24),
    reason.padEnd(18),
  ];
  return `${columns.join("  ")}  ${cutTo(printable(detail), MAX_DETAIL)} (${sequence})\n`;
}

/** The same for a program: one JSON object a line. */
export function moveJson({ sequence, entry }: StoredEntry, time: Date): string {
  const { candidateId, holder, stage, runId, reason, detail, iteration, deadline } = entry;
  const move = {
    sequence,
    storedAt: time.toISOString(),
    candidateId,
    runId,
    iteration,
    stage,
    holder,
    reason,
    deadline,
    detail,
  };
  return `${printableLines(JSON.stringify(move))}\n`;
}
