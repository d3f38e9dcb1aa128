/**
 * A process's copy of the records that something may be due for, kept up to date by reading the bucket on and on.
 *
 * K1: the copy only says where to look; what is done follows from the bucket and the journal.
 * K2: a copy whose reading ended, or whose bucket was made anew, is started anew; the old one serves until the new one is whole.
 */
import type { ReviewRecord } from "@baton/contracts";
import { follow, type Mesh } from "@baton/mesh";

import { keyedFrom, parseRecord, REVIEWS_STREAM } from "./review-book.ts";

/** The copy. */
export interface ReviewCopy {
  /** Open records, and answered ones with something to tell. */
  records(): IterableIterator<ReviewRecord>;
  /** True once a copy was whole. */
  readonly whole: boolean;
  /** Starts reading if nothing is read, and anew after K2; call it now and then. */
  keep(): Promise<void>;
  close(): void;
}

interface Reading {
  readonly records: Map<string, ReviewRecord>;
  /** The last sequence that was read. */
  seen: number;
  /** Set when it ended by itself. */
  ended: { readonly why: unknown } | undefined;
  readonly stopping: AbortController;
}

/** Opens a copy that holds nothing yet. */
export function openReviewCopy(mesh: Pick<Mesh, "nc" | "jsm">): ReviewCopy {
  let whole: Reading | undefined;
  let current: Reading | undefined;
  const start = (): void => {
    if (current !== whole) current?.stopping.abort();
    const reading = startReading(mesh, () => {
      if (reading !== current || whole === reading) return;
      whole?.stopping.abort();
      whole = reading;
    });
    current = reading;
  };
  return {
    records: () => (whole?.records ?? new Map<string, ReviewRecord>()).values(),
    get whole() {
      return whole !== undefined;
    },
    keep: async () => {
      const { ended } = current ?? {};
      if (!current || ended) start();
      if (ended) throw ended.why;
      const { state } = await mesh.jsm.streams.info(REVIEWS_STREAM);
      if (current && current.seen > state.last_seq) start();
    },
    close: () => {
      current?.stopping.abort();
      whole?.stopping.abort();
    },
  };
}

function startReading(mesh: Pick<Mesh, "nc" | "jsm">, onWhole: () => void): Reading {
  const reading: Reading = {
    records: new Map(),
    seen: 0,
    ended: undefined,
    stopping: new AbortController(),
  };
  follow(mesh, {
    stream: REVIEWS_STREAM,
    signal: reading.stopping.signal,
    onMessage: (message) => {
      reading.seen = message.seq;
      const keyed = keyedFrom(message);
      const record = parseRecord(keyed);
      const matters =
        typeof record === "object" && (record.state === "open" || record.delivery !== null);
      if (matters) reading.records.set(keyed.key, record);
      else reading.records.delete(keyed.key);
    },
    onCaughtUp: onWhole,
  }).catch((error: unknown) => {
    reading.ended = { why: error };
  });
  return reading;
}
