import { cut } from "@baton/contracts";
import { type StageContext, StageFailure } from "@baton/lanekit";

import type { JournalEntry, JournalReader } from "./ports.ts";

/** The candidate's journal up to and including the dispatch of this stage run; later entries aren't part of its evidence. */
export async function journalUpTo(
  context: StageContext,
  journal: JournalReader,
): Promise<readonly JournalEntry[]> {
  const { candidateId, sequence } = context;
  const entries = (await journal.entries(candidateId)).filter((row) => row.sequence <= sequence);
  if (entries.at(-1)?.sequence === sequence) return entries;
  throw new StageFailure({
    class: "transient",
    code: "E_JOURNAL_BEHIND",
    message: cut(
      `the journal of ${candidateId} was read up to ${entries.at(-1)?.sequence ?? 0}, the dispatch is ${sequence}`,
    ),
    action: "Check the streams with `baton doctor`: a replica may lag behind.",
  });
}
