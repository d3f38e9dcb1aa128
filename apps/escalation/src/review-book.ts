/**
 * The records in the bucket REVIEWS.
 *
 * B1: a record is written against the revision it was read at (0 if there was none), so of two replicas one wins and the other
 *     reads again.
 * B2: an answered record expires by itself; an open one never does.
 */
import { REVIEWS_BUCKET, ReviewRecord } from "@baton/contracts";
import { type Mesh, Refused, REFUSALS, type StoredMessage } from "@baton/mesh";

/** A record with the revision that a change must name; revision 0 if the bucket never had one. */
interface Kept {
  readonly record: ReviewRecord | undefined;
  readonly revision: number;
}

/** Reads and writes records. */
export interface ReviewBook {
  read(candidateId: string): Promise<Kept>;
  /** B1: false if somebody else wrote since. Throws `Unavailable` when the outcome is unknown. */
  write(record: ReviewRecord, revision: number): Promise<boolean>;
}

/** The bucket's stream, which the coordinator makes. */
export const REVIEWS_STREAM = `KV_${REVIEWS_BUCKET}` as const;
const SUBJECTS = `$KV.${REVIEWS_BUCKET}.`;

/** What is stored under a key: nothing any more if it isn't a value. */
interface Keyed {
  readonly key: string;
  /** Undefined: it was deleted, or has expired. */
  readonly value: Uint8Array | undefined;
}

/** A message of the bucket's stream as key and value. */
export function keyedFrom(message: Pick<StoredMessage, "subject" | "data" | "headers">): Keyed {
  const { subject, data, headers } = message;
  const isMarker = headers.has("KV-Operation") || headers.has("Nats-Marker-Reason");
  return { key: subject.slice(SUBJECTS.length), value: isMarker ? undefined : data };
}

/** Opens the book. */
export function openReviewBook(options: {
  readonly mesh: Pick<Mesh, "jsm" | "publisher">;
  readonly keepAnsweredMs: number;
  /** Told about a record that can't be read; it is treated as absent. */
  readonly onForeign: (key: string, why: string) => void;
}): ReviewBook {
  const { mesh, keepAnsweredMs, onForeign } = options;
  return {
    read: async (candidateId) => {
      const subject = SUBJECTS + candidateId;
      // From the leader: what another replica just wrote is there.
      const stored = await mesh.jsm.streams.getMessage(REVIEWS_STREAM, { last_by_subj: subject });
      if (!stored) return { record: undefined, revision: 0 };
      const { data, header: headers, seq: revision } = stored;
      const read = parseRecord(keyedFrom({ subject, data, headers }));
      if (typeof read === "string") onForeign(candidateId, read);
      return { record: typeof read === "object" ? read : undefined, revision };
    },
    write: async (record, revision) => {
      const isOver = record.state === "answered" && record.delivery === null;
      const headers = {
        "Nats-Expected-Last-Subject-Sequence": revision,
        "Nats-TTL": isOver ? `${Math.ceil(keepAnsweredMs / 1000)}s` : undefined,
      };
      const subject = SUBJECTS + record.candidateId;
      try {
        await mesh.publisher.publish({ subject, payload: JSON.stringify(record), headers });
        return true;
      } catch (error) {
        if (error instanceof Refused && error.code === REFUSALS.wrongLastSequence) return false;
        throw error;
      }
    },
  };
}

/** The record under a key: undefined if there is none any more, a text if what is there can't be read. */
export function parseRecord({ key, value: bytes }: Keyed): ReviewRecord | string | undefined {
  if (!bytes) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return `not JSON (${bytes.length} bytes)`;
  }
  const parsed = ReviewRecord.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join(".") || "(top)"}: ${issue?.message}`;
  }
  return parsed.data.candidateId === key ? parsed.data : "candidateId: isn't its key";
}
