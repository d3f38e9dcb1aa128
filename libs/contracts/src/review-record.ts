/**
 * What escalation knows about a review: one record per candidate in the bucket REVIEWS.
 *
 * open ── the candidate's next entry isn't this question any more ──▶ answered ── kept for a while ──▶ gone
 */
import { z } from "zod";

import { MAX_TEXT } from "./failure.ts";
import { CandidateId, RunId, Stage, Traceparent } from "./names.ts";
import { AnyReason } from "./reason.ts";
import { type NoticeLevel, ToldRecord } from "./told-record.ts";
import { wireObject, WireVersion } from "./wire.ts";

/** Bucket of the records. A review's key is the candidate's id, a mesh matter's is its name, which has a dot. */
export const REVIEWS_BUCKET = "REVIEWS";

/** A review and what was done about it. Tolerant (wire.ts). */
export const ReviewRecord = wireObject({
  v: WireVersion,
  candidateId: CandidateId,
  runId: RunId,
  stage: Stage,
  trace: Traceparent,
  /** Sequence of the journal entry that opened it; with the candidate's id it names the review. */
  sequence: z.int().positive(),
  /** Sequence of the latest entry that still asks the same question. */
  latest: z.int().positive(),
  reason: AnyReason,
  detail: z.string().max(MAX_TEXT),
  /** The one action suggested. */
  action: z.string().max(MAX_TEXT),
  /** Stage that follows an approval; null if the answer is about the stage itself. */
  next: Stage.nullable(),
  ...ToldRecord.shape,
});
export type ReviewRecord = z.infer<typeof ReviewRecord>;

/** Name of a review from its opening to its end. */
export function reviewMatter({
  candidateId,
  sequence,
}: Pick<ReviewRecord, "candidateId" | "sequence">): string {
  return `${candidateId}.${sequence}`;
}

/** Deduplication key of a notification, `candidateId.sequence.level`: whoever is told twice can tell by it. */
export function noticeKey(
  of: Pick<ReviewRecord, "candidateId" | "sequence">,
  level: NoticeLevel,
): string {
  return `${reviewMatter(of)}.${level}`;
}
