/**
 * Follows the journal's subjects, so that an answered review is settled at once instead of at the next sweep.
 *
 * A1: a subject only says which candidate to look at; what is done follows from the journal and the bucket.
 * A2: it may miss anything: the sweep is the net. So it starts at the journal's end, keeps no more than WAITING candidates, and
 *     leaves alone whom it couldn't settle.
 * A3: an entry for `review` is left to the intake, which is delivered it.
 */
import { parseJournalSubject, STREAMS } from "@baton/contracts";
import { follow, type Mesh } from "@baton/mesh";
import type { Log } from "@baton/telemetry";

import { inTurns } from "./in-turns.ts";
import type { RecordCopy } from "./record-copy.ts";
import type { ReviewDesk } from "./review-desk.ts";

/** The watch. */
export interface AnswerWatch {
  /** Starts following if nothing is followed, and anew if the journal was made anew; call it now and then. */
  keep(): Promise<void>;
  /** Resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** What a watch works with. */
export interface AnswerWatchParts {
  readonly mesh: Pick<Mesh, "nc" | "jsm">;
  readonly copy: Pick<RecordCopy, "review">;
  readonly desk: ReviewDesk;
  readonly log: Log;
}

const WAITING = 1000;

/** Opens a watch that follows nothing yet. */
export function openAnswerWatch({ mesh, copy, desk, log }: AnswerWatchParts): AnswerWatch {
  const stopping = new AbortController();
  const waiting = new Set<string>();
  let following: { readonly end: AbortController; seen: number } | undefined;
  let settling: Promise<void> | undefined;

  const settle = async (candidateId: string): Promise<void> => {
    if (stopping.signal.aborted) return;
    try {
      await desk.settle(candidateId);
    } catch (error) {
      log.warn({ candidateId, err: error }, "answer not told yet; the sweep tries again");
    }
  };
  const drain = async (): Promise<void> => {
    while (waiting.size > 0 && !stopping.signal.aborted) {
      const candidates = [...waiting];
      waiting.clear();
      await inTurns(candidates, settle);
    }
    settling = undefined;
  };
  const look = (subject: string, sequence: number): void => {
    const of = parseJournalSubject(subject);
    if (!of || of.holder === "review" || waiting.size >= WAITING) return;
    const record = copy.review(of.candidateId);
    if (record?.state !== "open" || record.latest >= sequence) return;
    waiting.add(of.candidateId);
    settling ??= drain();
  };
  const start = (seen: number): void => {
    const reading = { end: new AbortController(), seen };
    following = reading;
    follow(mesh, {
      stream: "journal",
      from: seen + 1,
      signal: AbortSignal.any([stopping.signal, reading.end.signal]),
      onMessage: ({ subject, seq }) => {
        reading.seen = seq;
        look(subject, seq);
      },
    }).catch((error: unknown) => {
      if (following === reading) following = undefined;
      log.warn({ err: error }, "journal not followed; answers are told by the sweep");
    });
  };
  return {
    keep: async () => {
      const { state } = await mesh.jsm.streams.info(STREAMS.journal.name);
      if (stopping.signal.aborted || (following && following.seen <= state.last_seq)) return;
      following?.end.abort();
      start(state.last_seq);
    },
    stop: async () => {
      stopping.abort();
      await settling;
    },
  };
}
