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
import { ChannelName, NoticeDelivery, Severity } from "./notice.ts";
import { Reason } from "./reason.ts";

/** Bucket of the review records; the key is the candidate's id. */
export const REVIEWS_BUCKET = "REVIEWS";

/** What people are told about a review: each level of a review once. */
export const ReviewLevel = z
  .string()
  .regex(/^(?:open|overdue|resolved|reminder-[1-9][0-9]{0,3})$/, "level: not one of a review");
export type ReviewLevel = z.infer<typeof ReviewLevel>;

/** The last thing that a channel was told about a review. */
export const ToldChannel = z.object({ level: ReviewLevel, at: Instant });
export type ToldChannel = z.infer<typeof ToldChannel>;

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
  /** Of the latest notice. */
  severity: Severity.default("warning"),
  formerSeverities: z.array(Severity).max(3).default([]),
  /** Every channel that was to be told anything, with the last thing it was told; null if nothing yet. */
  channels: z.record(ChannelName, ToldChannel.nullable()).default({}),
  /** What is still to be told, and to whom; null when everybody was told everything. */
  delivery: NoticeDelivery.nullable().default(null),
  answeredAt: Instant.nullable(),
  /** Who answered; null if it wasn't a person (a late result, say). */
  answeredBy: Identity.nullable(),
  /** Type of the command that answered it, or the kind of what did. */
  answer: z.string().max(60).nullable(),
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
  level: ReviewLevel,
): string {
  return `${reviewMatter(of)}.${level}`;
}
