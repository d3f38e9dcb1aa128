/**
 * Looks now and then at the open reviews: reminders, deadlines, answers that the watch missed, notices that a killed replica left.
 *
 * W1: what is due by the clock is seen in memory. Whether a review was answered is asked of the journal, one last entry per
 *     review, and only if anything was written since it was asked last: the cost follows the open reviews, not the journal.
 * W2: at most CHECKS reviews per sweep are asked about, those first that were asked longest ago.
 * W3: a candidate that fails is left alone for a while (longer if its journal holds what no coordinator wrote) and holds nobody
 *     up; a lost connection ends the sweep.
 */
import { type ReviewRecord, STREAMS } from "@baton/contracts";
import { JournalCorrupt, type Mesh } from "@baton/mesh";
import type { Log } from "@baton/telemetry";

import { inTurns } from "./in-turns.ts";
import type { Switchboard } from "./notices/switchboard.ts";
import { isDue, type NoticePolicy } from "./notices/told-rules.ts";
import type { RecordCopy } from "./record-copy.ts";
import { hasMoved, type ReviewDesk } from "./review-desk.ts";

/** What a sweep works with. */
export interface ReviewSweepParts {
  readonly mesh: Pick<Mesh, "journal" | "jsm" | "trouble">;
  readonly copy: RecordCopy;
  readonly desk: ReviewDesk;
  readonly switchboard: Pick<Switchboard, "isReachable">;
  readonly policy: NoticePolicy;
  readonly log: Log;
  readonly now: () => number;
}

const CHECKS = 1000;
const LEFT_ALONE_MS = 5000;
const LEFT_ALONE_CORRUPT_MS = 60_000;

/** Makes a sweep; one runs at a time. */
export function createReviewSweep(parts: ReviewSweepParts): () => Promise<void> {
  const { mesh, copy, desk, log, now } = parts;
  /** Where the journal ended when a state of a review was last held against it. */
  const asked = new Map<string, number>();
  const leftAlone = new Map<string, number>();

  const isDueAt = (record: ReviewRecord, nowMs: number): boolean =>
    isDue(record, {
      policy: parts.policy,
      isReachable: (name) => parts.switchboard.isReachable(name),
      nowMs,
    });
  const look = async (record: ReviewRecord, journalEnd: number): Promise<void> => {
    const { candidateId } = record;
    if (mesh.trouble() !== undefined || (leftAlone.get(candidateId) ?? 0) > now()) return;
    leftAlone.delete(candidateId);
    try {
      const isToSettle =
        isDueAt(record, now()) || hasMoved(record, await mesh.journal.last(candidateId));
      const outcome = isToSettle ? await desk.settle(candidateId) : "settled";
      if (outcome === "settled") asked.set(stateOf(record), journalEnd);
    } catch (error) {
      const isCorrupt = error instanceof JournalCorrupt;
      leftAlone.set(candidateId, now() + (isCorrupt ? LEFT_ALONE_CORRUPT_MS : LEFT_ALONE_MS));
      log.warn({ candidateId, err: error }, "review not looked after; tried again later");
    }
  };
  return async () => {
    await copy.keep();
    const records = [...copy.reviews()];
    keepOnly(asked, new Set(records.map(stateOf)));
    keepOnly(leftAlone, new Set(records.map(({ candidateId }) => candidateId)));
    const { state } = await mesh.jsm.streams.info(STREAMS.journal.name);
    const nowMs = now();
    const due = records.filter((record) => isDueAt(record, nowMs));
    const unasked = records
      .filter((record) => record.state === "open" && !isDueAt(record, nowMs))
      .map((record) => ({ record, askedAt: asked.get(stateOf(record)) ?? -1 }))
      .filter(({ askedAt }) => askedAt < state.last_seq)
      .toSorted((one, other) => one.askedAt - other.askedAt)
      .slice(0, CHECKS);
    const all = [...due, ...unasked.map(({ record }) => record)];
    await inTurns(all, (record) => look(record, state.last_seq));
  };
}

/** A review as it stood: one that was written to since has to be asked about anew. */
function stateOf({ candidateId, sequence, latest }: ReviewRecord): string {
  return `${candidateId}.${sequence}.${latest}`;
}

function keepOnly(map: Map<string, number>, keys: ReadonlySet<string>): void {
  for (const key of map.keys()) if (!keys.has(key)) map.delete(key);
}
