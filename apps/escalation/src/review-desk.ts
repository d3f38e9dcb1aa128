/**
 * Brings a candidate's record in line with its journal, and tells people what is due. Everything that happens (an entry is
 * delivered, a deadline passes, an answer is found) ends in the same `settle`, which any replica may run at any moment.
 */
import {
  type Controls,
  type Entry,
  journalFence,
  type ReviewRecord,
  type StoredEntry,
  STREAMS,
} from "@baton/contracts";
import { type Mesh, parseEntry } from "@baton/mesh";

import { type RecordDeskParts, type Settled, settleRecord } from "./record-desk.ts";
import { answered, isSameQuestion, nextStep } from "./review-rules.ts";

/** What a desk works with. */
export interface ReviewDeskParts extends RecordDeskParts<ReviewRecord> {
  readonly mesh: Pick<Mesh, "controls" | "journal" | "jsm">;
}

/** Settles candidates; any number at once, also the same one. */
export interface ReviewDesk {
  /** Throws what journal and bucket throw. */
  settle(candidateId: string): Promise<Settled>;
}

/** Entries read behind a review to find its answer: notes to the same question are few. */
const MAX_ANSWER_STEPS = 100;

/** Opens a desk. */
export function openReviewDesk(parts: ReviewDeskParts): ReviewDesk {
  const { mesh } = parts;
  return {
    settle: (candidateId) =>
      settleRecord(parts, candidateId, async (record, at) => {
        const last = await mesh.journal.last(candidateId);
        const step = nextStep({ last, record }, at);
        if (step.kind !== "find-answer") return step;
        const answer = (await findAnswer(mesh.jsm, step.record)) ?? last?.entry;
        const lifted = answer?.cause.kind === "lifted" ? await lastChange(mesh) : undefined;
        const given = { entry: answer, lifted };
        return { kind: "write", record: answered(step.record, given, at), claimed: true };
      }),
  };
}

/** That a stop was lifted is told also where nobody can say by whom. */
async function lastChange({ controls }: Pick<Mesh, "controls">): Promise<Controls | undefined> {
  const last = await controls.last().catch(() => undefined);
  return last?.controls;
}

/** The first entry that doesn't ask the same question any more; undefined if a lagging replica doesn't have it yet. */
async function findAnswer(jsm: Mesh["jsm"], record: ReviewRecord): Promise<Entry | undefined> {
  let from = record.latest + 1;
  for (let step = 0; step < MAX_ANSWER_STEPS; step += 1) {
    const message = await jsm.direct.getMessage(STREAMS.journal.name, {
      seq: from,
      next_by_subj: journalFence(record.candidateId),
    });
    if (!message) return undefined;
    const entry = parseEntry(message.data, message.seq);
    if (!isSameQuestion(record, entry)) return entry;
    from = message.seq + 1;
  }
  return undefined;
}

/** The last entry's sequence if it is behind what the record knows: something to settle. */
export function hasMoved(record: ReviewRecord, last: StoredEntry | undefined): boolean {
  return last?.sequence !== record.latest;
}
