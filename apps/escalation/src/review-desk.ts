/**
 * Brings a candidate's record in line with its journal, and tells people what is due. Everything that happens (an entry is
 * delivered, a deadline passes, an answer is found) ends in the same `settle`, which any replica may run at any moment.
 *
 * D1: journal and record are read, the pure rules decide, the write is refused if the record was changed since: then again.
 * D2: whoever wrote a notice tells it, and writes of each channel as soon as it is known that it was told; a kill in between
 *     means that those not yet written are told again (same key, same words).
 */
import {
  type Entry,
  journalFence,
  type ReviewRecord,
  type StoredEntry,
  STREAMS,
} from "@baton/contracts";
import { type Mesh, parseEntry } from "@baton/mesh";
import type { Log } from "@baton/telemetry";

import { type Attempt, dueChannels } from "./notices/delivery-rules.ts";
import type { Switchboard } from "./notices/switchboard.ts";
import type { ReviewBook } from "./review-book.ts";
import {
  afterClaim,
  afterTelling,
  answered,
  isSameQuestion,
  nextStep,
  type NoticePolicy,
} from "./review-rules.ts";

/** What a desk works with. */
export interface ReviewDeskParts {
  readonly mesh: Pick<Mesh, "journal" | "jsm">;
  readonly book: Pick<ReviewBook, "read" | "write">;
  readonly switchboard: Pick<Switchboard, "deliver" | "isReachable">;
  readonly policy: NoticePolicy;
  readonly log: Log;
  readonly now: () => number;
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
  const { mesh, book, policy, now, switchboard } = parts;
  const isReachable = (name: string): boolean => switchboard.isReachable(name);
  return {
    settle: async (candidateId) => {
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        // The record first: what the journal gets in between is then newer than it, never older.
        const { record, revision } = await book.read(candidateId);
        const last = await mesh.journal.last(candidateId);
        const step = nextStep({ last, record }, { policy, isReachable, nowMs: now() });
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
  const { switchboard, policy, log, now } = parts;
  const { delivery } = record;
  if (!delivery) return;
  const { notice, claimedUntil } = delivery;
  const { key } = notice;
  const names = dueChannels(delivery, now());
  const left = new Set(names);
  // A third of the lease: the rest is for writing what became of it while the claim still holds.
  for await (const attempts of switchboard.deliver(notice, names, policy.leaseMs / 3)) {
    for (const [channel, attempt] of attempts) {
      left.delete(channel);
      if (attempt.kind === "told" || attempt.kind === "deferred") continue;
      const { kind: outcome, why } = attempt;
      const fields = { key, channel, outcome, why };
      if (outcome === "refused") log.error(fields, "notice refused; a person must mend this");
      else log.warn(fields, "notice not told; tried again later");
    }
    await writeTold(parts, record, { key, attempts, over: left.size === 0 ? claimedUntil : null });
  }
}

/** Somebody may have noted a later entry meanwhile; then only the notice's part is written. */
async function writeTold(
  { book, now }: ReviewDeskParts,
  { candidateId }: ReviewRecord,
  news: {
    readonly key: string;
    readonly attempts: ReadonlyMap<string, Attempt>;
    /** The claim that ends with this; null while others are still to be told. */
    readonly over: string | null;
  },
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { record, revision } = await book.read(candidateId);
    // Another notice has taken its place.
    if (record?.delivery?.notice.key !== news.key) return;
    const told = afterTelling(record, news.attempts, now());
    if (await book.write(news.over === null ? told : afterClaim(told, news.over), revision)) return;
  }
}

/** The last entry's sequence if it is behind what the record knows: something to settle. */
export function hasMoved(record: ReviewRecord, last: StoredEntry | undefined): boolean {
  return last?.sequence !== record.latest;
}
