/**
 * A process's copy of the records that something may be due for, kept up to date by a watch.
 *
 * K1: the copy only says where to look; what is done follows from the bucket and the journal.
 * K2: a watch that ended, or that missed what the bucket has, is started anew; the old copy serves until the new one is whole.
 */
import { REVIEWS_BUCKET, type ReviewRecord } from "@baton/contracts";
import type { Mesh } from "@baton/mesh";
import type { KV, KvWatchEntry } from "@nats-io/kv";

import { parseRecord } from "./review-book.ts";

/** The copy. */
export interface ReviewCopy {
  /** Open records, and answered ones with something to tell. */
  records(): IterableIterator<ReviewRecord>;
  /** True once a copy was whole. */
  readonly whole: boolean;
  /** Starts the watch if none runs, and anew if it missed something (K2); call it now and then. */
  keep(): Promise<void>;
  close(): void;
}

const STREAM = `KV_${REVIEWS_BUCKET}`;

interface Watch {
  readonly records: Map<string, ReviewRecord>;
  /** The bucket's last revision when the watch began. */
  readonly target: number;
  seen: number;
  ended: boolean;
  stop(): void;
}

/** Opens a copy that holds nothing yet. */
export function openReviewCopy(mesh: Pick<Mesh, "jsm">, bucket: KV): ReviewCopy {
  let whole: Watch | undefined;
  let current: Watch | undefined;
  let lastSeen = -1;

  const lastRevision = async (): Promise<{ last: number; kept: number }> => {
    const { state } = await mesh.jsm.streams.info(STREAM);
    return { last: state.last_seq, kept: state.messages };
  };
  const start = async (): Promise<void> => {
    const { last, kept } = await lastRevision();
    const watch = await startWatch(bucket, last, (one) => {
      if (one !== current) return;
      if (whole !== one) whole?.stop();
      whole = one;
    });
    if (current !== whole) current?.stop();
    current = watch;
    if (kept === 0 || watch.seen >= last) whole = watch;
  };
  return {
    records: () => (whole?.records ?? new Map<string, ReviewRecord>()).values(),
    get whole() {
      return whole !== undefined;
    },
    keep: async () => {
      if (!current || current.ended) return start();
      const { last } = await lastRevision();
      // Once may be the moment; twice without progress is a watch that was lost.
      const isStuck = current.seen < last && current.target < last && current.seen === lastSeen;
      lastSeen = current.seen;
      if (isStuck) await start();
    },
    close: () => {
      current?.stop();
      whole?.stop();
    },
  };
}

async function startWatch(
  bucket: KV,
  target: number,
  onWhole: (watch: Watch) => void,
): Promise<Watch> {
  const entries = await bucket.watch();
  const watch: Watch = {
    records: new Map(),
    target,
    seen: 0,
    ended: false,
    stop: () => entries.stop(),
  };
  void (async () => {
    try {
      for await (const entry of entries) {
        take(watch, entry);
        if (entry.revision >= target || entry.delta === 0) onWhole(watch);
      }
    } finally {
      watch.ended = true;
    }
  })();
  return watch;
}

function take(watch: Watch, entry: KvWatchEntry): void {
  watch.seen = Math.max(watch.seen, entry.revision);
  const record = parseRecord(entry);
  const matters =
    typeof record === "object" && (record.state === "open" || record.delivery !== null);
  if (matters) watch.records.set(entry.key, record);
  else watch.records.delete(entry.key);
}
