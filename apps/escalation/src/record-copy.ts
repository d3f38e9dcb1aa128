/**
 * A process's copy of the records that something may be due for, kept up to date by reading the bucket on and on.
 *
 * K1: the copy only says where to look; what is done follows from the bucket and the journal.
 * K2: a copy whose reading ended, or whose bucket was made anew, is started anew; the old one serves until the new one is whole.
 */
import type { MeshMatterRecord, ReviewRecord, ToldRecord } from "@baton/contracts";
import { follow, type Mesh } from "@baton/mesh";

import {
  isMatterKey,
  keyedFrom,
  MATTERS,
  parseRecord,
  RecordNewer,
  type RecordKind,
  REVIEWS,
  REVIEWS_STREAM,
} from "./record-book.ts";

/** The copy. */
export interface RecordCopy {
  /** Open reviews, and answered ones with something to tell. */
  reviews(): IterableIterator<ReviewRecord>;
  /** One of those; undefined also while the copy isn't whole. */
  review(candidateId: string): ReviewRecord | undefined;
  /** The same of the mesh's matters. */
  matters(): IterableIterator<MeshMatterRecord>;
  /** True once a copy was whole. */
  readonly whole: boolean;
  /** Starts reading if nothing is read, and anew after K2; call it now and then. */
  keep(): Promise<void>;
  close(): void;
}

interface Reading {
  readonly reviews: Map<string, ReviewRecord>;
  readonly matters: Map<string, MeshMatterRecord>;
  /** The last sequence that was read. */
  seen: number;
  /** Set when it ended by itself. */
  ended: { readonly why: unknown } | undefined;
  readonly stopping: AbortController;
}

/** Opens a copy that holds nothing yet. */
export function openRecordCopy(mesh: Pick<Mesh, "nc" | "jsm">): RecordCopy {
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
    reviews: () => (whole?.reviews ?? new Map<string, ReviewRecord>()).values(),
    review: (candidateId) => whole?.reviews.get(candidateId),
    matters: () => (whole?.matters ?? new Map<string, MeshMatterRecord>()).values(),
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
    reviews: new Map(),
    matters: new Map(),
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
      if (isMatterKey(keyed.key)) note(reading.matters, MATTERS, keyed);
      else note(reading.reviews, REVIEWS, keyed);
    },
    onCaughtUp: onWhole,
  }).catch((error: unknown) => {
    reading.ended = { why: error };
  });
  return reading;
}

function note<R extends ToldRecord>(
  records: Map<string, R>,
  kind: RecordKind<R>,
  keyed: ReturnType<typeof keyedFrom>,
): void {
  const record = parseRecord(kind, keyed);
  const matters =
    typeof record === "object" &&
    !(record instanceof RecordNewer) &&
    (record.state === "open" || record.delivery !== null);
  if (matters) records.set(keyed.key, record);
  else records.delete(keyed.key);
}
