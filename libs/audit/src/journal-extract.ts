import {
  ArtifactRef,
  CandidateId,
  Instant,
  RunId,
  Sha256,
  SpecDocument,
  Stage,
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
    candidateId: CandidateId,
    stage: Stage,
    runId: RunId,
    gatePolicy: Sha256.optional(),
    spec: SpecDocument,
    artifacts: z.array(ArtifactRef),
  }),
});
export type JournalRow = z.infer<typeof JournalRow>;

/** What a journal extract tells that the manifest must agree with. */
export interface JournalReading {
  readonly rows: readonly JournalRow[];
  readonly faults: readonly AuditFault[];
}

/** Reads an extract, one JSON object per line, and checks that it is a whole chain of this candidate from its first entry on (J1). */
export function readJournal(bytes: Uint8Array, candidateId: string): JournalReading {
  const rows: JournalRow[] = [];
  const lines = new TextDecoder().decode(bytes).split("\n");
  if (lines.pop() !== "") return wrong(rows, "doesn't end with a newline");
  let before = 0;
  for (const [index, line] of lines.entries()) {
    const row = parseRow(line);
    if (!row) return wrong(rows, `line ${index + 1} is no entry`);
    const { n, prev, candidateId: of } = row.entry;
    if (of !== candidateId) return wrong(rows, `line ${index + 1} is of another candidate`);
    if (n !== index + 1 || prev !== before || row.sequence <= before)
      return wrong(rows, `line ${index + 1} doesn't follow the one before: an entry is missing`);
    before = row.sequence;
    rows.push(row);
  }
  return rows.length > 0 ? { rows, faults: [] } : wrong(rows, "is empty");
}

function parseRow(line: string): JournalRow | undefined {
  try {
    return JournalRow.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function wrong(rows: readonly JournalRow[], what: string): JournalReading {
  return { rows, faults: [fault("E_PACK_JOURNAL", `the journal extract ${what}`)] };
}
