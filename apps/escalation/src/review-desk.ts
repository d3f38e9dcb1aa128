/**
 * Brings a candidate's record in line with its journal, and tells people what is due. Everything that happens (an entry is
 * delivered, a deadline passes, an answer is found) ends in the same `settle`, which any replica may run at any moment.
 *
 * D1: journal and record are read, the pure rules decide, the write is refused if the record was changed since: then again.
 * D2: whoever wrote a notice tells it, and writes that it was told; a kill in between means that it's told again (same key).
 */
import {
  type Entry,
  journalFence,
  noticeKey,
  type ReviewRecord,
  type StoredEntry,
  STREAMS,
} from "@baton/contracts";
import { type Mesh, parseEntry } from "@baton/mesh";
import type { Log } from "@baton/telemetry";

import type { NoticeKind, NotifiedReview, Notifier } from "./notifier.ts";
import type { ReviewBook } from "./review-book.ts";
import {
  answered,
  isSameQuestion,
  nextStep,
  type NoticePolicy,
  notTold,
  told,
} from "./review-rules.ts";

/** What a desk works with. */
export interface ReviewDeskParts {
  readonly mesh: Pick<Mesh, "journal" | "jsm">;
  readonly book: Pick<ReviewBook, "read" | "write">;
  readonly notifier: Notifier;
  readonly policy: NoticePolicy;
  readonly log: Log;
  readonly now: () => number;
  /** Told what became of each attempt to tell people. */
  readonly onNotice: (kind: NoticeKind, outcome: "told" | "failed") => void;
}

/** Settles candidates; any number at once, also the same one. */
export interface ReviewDesk {
  /** `later`: another replica is telling people about the question before; ask again. Throws what journal and bucket throw. */
  settle(candidateId: string): Promise<"settled" | "later">;
}

/** Rounds of one call; each is a write of ours or a write of others that came first. */
const MAX_ROUNDS = 50;
/** Entries read behind a review to find its answer: notes to the same question are few. */
const MAX_ANSWER_STEPS = 100;

/** Opens a desk. */
export function openReviewDesk(parts: ReviewDeskParts): ReviewDesk {
  const { mesh, book, policy, now } = parts;
  return {
    settle: async (candidateId) => {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        // The record first: what the journal gets in between is then newer than it, never older.
        const { record, revision } = await book.read(candidateId);
        const last = await mesh.journal.last(candidateId);
        const step = nextStep({ last, record }, policy, now());
        if (step.kind === "rest") return "settled";
        if (step.kind === "wait") return "later";
        if (step.kind === "write") {
          const isMine = await book.write(step.record, revision);
          if (isMine && step.claimed) await tell(parts, step.record);
        } else {
          const answer = (await findAnswer(mesh.jsm, step.record)) ?? last?.entry;
          const closed = answered(step.record, answer, { policy, nowMs: now() });
          if (await book.write(closed, revision)) await tell(parts, closed);
        }
      }
      throw new Error(
        `${candidateId}: its review was changed by others ${MAX_ROUNDS} times in a row`,
      );
    },
  };
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

async function tell(parts: ReviewDeskParts, record: ReviewRecord): Promise<void> {
  const { notifier, policy, log, now, onNotice } = parts;
  const level = record.notice?.level;
  if (level === undefined) return;
  const kind = kindOf(level);
  const notice = toNotice(record, level);
  let settled: ReviewRecord;
  try {
    await within(policy.leaseMs / 3, (signal) => notifier.notify(kind, notice, signal));
    onNotice(kind, "told");
    settled = told(record, now());
  } catch (error) {
    onNotice(kind, "failed");
    log.warn(
      { err: error, key: notice.key, notice: kind },
      "people were not told; tried again later",
    );
    settled = notTold(record, now());
  }
  await writeTold(parts, settled, level);
}

/** Somebody may have noted a later entry meanwhile; then only the notice's part is written. */
async function writeTold(
  { book }: ReviewDeskParts,
  settled: ReviewRecord,
  level: string,
): Promise<void> {
  const { candidateId, sequence, notice, lastNotifiedAt, remindersSent } = settled;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { record, revision } = await book.read(candidateId);
    if (record?.sequence !== sequence || record.notice?.level !== level) return;
    if (await book.write({ ...record, notice, lastNotifiedAt, remindersSent }, revision)) return;
  }
}

async function within(ms: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new Error(`the notifier didn't answer within ${Math.round(ms)} ms`);
    controller.abort(error);
    late.reject(error);
  }, ms);
  try {
    await Promise.race([work(controller.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function kindOf(level: string): NoticeKind {
  if (level === "open" || level === "overdue" || level === "resolved") return level;
  return "reminder";
}

function toNotice(record: ReviewRecord, level: string): NotifiedReview {
  const { candidateId, runId, stage, reason, trace, detail, action, openedAt, deadline } = record;
  return {
    key: noticeKey(record, level),
    candidateId,
    runId,
    stage,
    reason,
    traceId: trace.slice(3, 35),
    detail,
    action,
    openedAt,
    deadline,
    reminder: level.startsWith("reminder-") ? Number(level.slice("reminder-".length)) : 0,
    answer: record.answer === null ? null : { by: record.answeredBy, what: record.answer },
  };
}

/** The last entry's sequence if it is behind what the record knows: something to settle. */
export function hasMoved(record: ReviewRecord, last: StoredEntry | undefined): boolean {
  return last?.sequence !== record.latest;
}
