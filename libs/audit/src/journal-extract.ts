import { createHash } from "node:crypto";

import {
  Basis,
  basisOf,
  BasisBroken,
  type Brought,
  broughtBy,
  CandidateId,
  Instant,
  RunId,
  Sha256,
  Stage,
  type Whole,
} from "@baton/contracts";
import { z } from "zod";

import { type AuditFault, fault } from "./audit-fault.ts";

/** A journal entry as far as checking a pack needs it; the extract keeps all of it. */
export const JournalRow = z.looseObject({
  sequence: z.int().positive(),
  /** When the journal stored it. */
  time: Instant,
  entry: z.looseObject({
    n: z.int().positive(),
    prev: z.int().min(0),
    prevSha256: Sha256.nullable(),
    candidateId: CandidateId,
    stage: Stage,
    runId: RunId,
    basis: Basis,
  }),
});
/** With all that the entry rests on. */
export type JournalRow = z.infer<typeof JournalRow> & { readonly whole: Whole };

/** What a journal extract tells that the manifest must agree with. */
export interface JournalReading {
  readonly rows: readonly JournalRow[];
  readonly faults: readonly AuditFault[];
}

/** A line of an extract: an entry's bytes stay as the journal has them, for its successors name their digest. */
export function extractLine({ sequence, time, text }: ExtractRow): string {
  return `${headOf({ sequence, time })}${text}}\n`;
}

/** An entry for an extract; `text`: its bytes. */
export interface ExtractRow {
  readonly sequence: number;
  readonly time: string;
  readonly text: string;
}

function headOf({ sequence, time }: Omit<ExtractRow, "text">): string {
  return `{"sequence":${sequence},"time":${JSON.stringify(time)},"entry":`;
}

/**
 * Reads an extract, one JSON object per line, and checks that it is a whole chain of this candidate from its first entry on, of which
 * each names the bytes of the one before (J1) and of those that it rests on.
 */
export function readJournal(bytes: Uint8Array, candidateId: string): JournalReading {
  const rows: JournalRow[] = [];
  const lines = new TextDecoder().decode(bytes).split("\n");
  if (lines.pop() !== "") return wrong(rows, "doesn't end with a newline");
  const brought: Brought[] = [];
  for (const [index, line] of lines.entries()) {
    const row = parseRow(line);
    if (!row) return wrong(rows, `line ${index + 1} is no entry`);
    const { n, prev, prevSha256, candidateId: of } = row.entry;
    const { sequence: before, sha256 } = brought.at(-1) ?? { sequence: 0, sha256: null };
    if (of !== candidateId) return wrong(rows, `line ${index + 1} is of another candidate`);
    if (n !== index + 1 || prev !== before || row.sequence <= before)
      return wrong(rows, `line ${index + 1} doesn't follow the one before: an entry is missing`);
    if (prevSha256 !== sha256)
      return wrong(rows, `line ${index + 1} follows another entry than the one before it`);
    const whole = wholeIn(row.entry, brought);
    if (typeof whole === "string") return wrong(rows, `line ${index + 1}: ${whole}`);
    brought.push(broughtBy(row));
    rows.push({ ...row, whole });
  }
  return rows.length > 0 ? { rows, faults: [] } : wrong(rows, "is empty");
}

function wholeIn(entry: JournalRow["entry"], brought: readonly Brought[]): Whole | string {
  try {
    return basisOf(entry, brought);
  } catch (error) {
    if (error instanceof BasisBroken) return error.message;
    throw error;
  }
}

function parseRow(line: string) {
  try {
    const { sequence, time } = JournalRow.parse(JSON.parse(line));
    const head = headOf({ sequence, time });
    if (!line.startsWith(head)) return undefined;
    const text = line.slice(head.length, -1);
    const row = JournalRow.parse({ sequence, time, entry: JSON.parse(text) });
    return { ...row, sha256: createHash("sha256").update(text).digest("hex") };
  } catch {
    return undefined;
  }
}

function wrong(rows: readonly JournalRow[], what: string): JournalReading {
  return { rows, faults: [fault("E_PACK_JOURNAL", `the journal extract ${what}`)] };
}
