/**
 * Looks now and then at the open reviews: reminders, deadlines, answers, notices that a killed replica left.
 *
 * W1: what is due by the clock is seen in memory. Whether a review was answered is asked of the journal, one last entry per open
 *     review and only if anything was written since: the cost follows the open reviews, not the journal's traffic.
 * W2: at most CHECKS reviews per sweep are asked about, those first that were asked longest ago.
 * W3: a candidate that fails (foreign journal messages, say) is left alone for a minute and holds nobody up.
 */
import { type ReviewRecord, STREAMS } from "@baton/contracts";
import type { Mesh } from "@baton/mesh";
import type { Log } from "@baton/telemetry";

import type { ReviewCopy } from "./review-copy.ts";
import { hasMoved, type ReviewDesk } from "./review-desk.ts";
import { isDue, type NoticePolicy } from "./review-rules.ts";

/** What a sweep works with. */
export interface ReviewSweepParts {
  readonly mesh: Pick<Mesh, "journal" | "jsm">;
  readonly copy: ReviewCopy;
  readonly desk: ReviewDesk;
  readonly policy: NoticePolicy;
  readonly log: Log;
  readonly now: () => number;
}

const CHECKS = 1000;
const TOGETHER = 16;
const LEFT_ALONE_MS = 60_000;

/** Makes a sweep; one runs at a time. */
export function createReviewSweep(parts: ReviewSweepParts): () => Promise<void> {
  const { mesh, copy, desk, policy, log, now } = parts;
  /** Candidate to when it was last asked about, in the order of asking. */
  const asked = new Map<string, number>();
  const leftAlone = new Map<string, number>();
  let journalEnd = -1;

  const look = async (record: ReviewRecord): Promise<void> => {
    const { candidateId } = record;
    if ((leftAlone.get(candidateId) ?? 0) > now()) return;
    leftAlone.delete(candidateId);
    try {
      if (!isDue(record, policy, now()) && !hasMoved(record, await mesh.journal.last(candidateId)))
        return;
      await desk.settle(candidateId);
    } catch (error) {
      leftAlone.set(candidateId, now() + LEFT_ALONE_MS);
      log.warn({ candidateId, err: error }, "review not looked after; again in a minute");
    }
  };
  return async () => {
    await copy.keep();
    const records = [...copy.records()];
    forgetOthers(new Set(records.map(({ candidateId }) => candidateId)), [asked, leftAlone]);
    const nowMs = now();
    const due = records.filter((record) => isDue(record, policy, nowMs));
    const { state } = await mesh.jsm.streams.info(STREAMS.journal.name);
    const others = records.filter(
      (record) => record.state === "open" && !isDue(record, policy, nowMs),
    );
    const checked = state.last_seq === journalEnd ? [] : longestUnasked(others, asked);
    await inTurns([...due, ...checked], look);
    for (const { candidateId } of checked) asked.set(candidateId, nowMs);
    if (checked.length === others.length) journalEnd = state.last_seq;
  };
}

function longestUnasked(
  records: readonly ReviewRecord[],
  asked: ReadonlyMap<string, number>,
): ReviewRecord[] {
  if (records.length <= CHECKS) return [...records];
  const since = ({ candidateId }: ReviewRecord): number => asked.get(candidateId) ?? 0;
  return records.toSorted((one, other) => since(one) - since(other)).slice(0, CHECKS);
}

function forgetOthers(present: ReadonlySet<string>, maps: readonly Map<string, number>[]): void {
  for (const map of maps) for (const key of map.keys()) if (!present.has(key)) map.delete(key);
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: TOGETHER }, async () => {
    for (const item of queue) await work(item);
  });
  await Promise.all(workers);
}
