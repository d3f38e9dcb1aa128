/**
 * What escalation knows about a review: one record per candidate in the bucket REVIEWS, changed only against its revision, so
 * that any replica can go on where another was killed.
 *
 * open ── the candidate's next entry isn't this question any more ──▶ answered ── kept for a while ──▶ gone
 */
import { z } from "zod";

import { Identity } from "./command.ts";
import { MAX_TEXT } from "./failure.ts";
import { CandidateId, Instant, RunId, Stage, Traceparent } from "./names.ts";
import { Reason } from "./reason.ts";

/** Bucket of the review records; the key is the candidate's id. */
export const REVIEWS_BUCKET = "REVIEWS";

/** What people are told about a review: each level of a review once. */
export const ReviewLevel = z
  .string()
  .regex(/^(?:open|overdue|resolved|reminder-[1-9][0-9]{0,3})$/, "level: not one of a review");
export type ReviewLevel = z.infer<typeof ReviewLevel>;

/** A level that people must be told. Whoever claimed it tells them; after `claimedUntil` another one may. */
export const ReviewNotice = z.object({
  level: ReviewLevel,
  /** Attempts that failed. */
  failed: z.int().min(0),
  claimedUntil: Instant,
});
export type ReviewNotice = z.infer<typeof ReviewNotice>;

/** A review and what was done about it. Tolerant: keys that a newer writer added are ignored. */
export const ReviewRecord = z.object({
  v: z.literal(1),
  candidateId: CandidateId,
  runId: RunId,
  stage: Stage,
  trace: Traceparent,
  /** Sequence of the journal entry that opened it; with the candidate's id it names the review. */
  sequence: z.int().positive(),
  /** Sequence of the latest entry that still asks the same question. */
  latest: z.int().positive(),
  reason: Reason,
  detail: z.string().max(MAX_TEXT),
  /** The one action suggested. */
  action: z.string().max(MAX_TEXT),
  /** Stage that follows an approval; null if the answer is about the stage itself. */
  next: Stage.nullable(),
  openedAt: Instant,
  deadline: Instant.nullable(),
  state: z.enum(["open", "answered"]),
  /** When it was marked overdue; null while it isn't. */
  overdueAt: Instant.nullable(),
  remindersSent: z.int().min(0),
  lastNotifiedAt: Instant.nullable(),
  /** What is still to be told; null when everything was. */
  notice: ReviewNotice.nullable(),
  answeredAt: Instant.nullable(),
  /** Who answered; null if it wasn't a person (a late result, say). */
  answeredBy: Identity.nullable(),
  /** Type of the command that answered it, or the kind of what did. */
  answer: z.string().max(60).nullable(),
});
export type ReviewRecord = z.infer<typeof ReviewRecord>;

/** Deduplication key of a notification, `candidateId.sequence.level`: whoever is told twice can tell by it. */
export function noticeKey(
  { candidateId, sequence }: Pick<ReviewRecord, "candidateId" | "sequence">,
  level: ReviewLevel,
): string {
  return `${candidateId}.${sequence}.${level}`;
}
