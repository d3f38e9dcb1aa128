/**
 * The records in the bucket REVIEWS.
 *
 * B1: a record is written against the revision it was read at (0 if there was none), so of two replicas one wins and the other
 *     reads again.
 * B2: an answered record expires by itself; an open one never does.
 */
import {
  MESH_MATTER_PREFIX,
  MeshMatterRecord,
  readWire,
  REVIEWS_BUCKET,
  ReviewRecord,
  type ToldRecord,
} from "@baton/contracts";
import { type Mesh, Refused, REFUSALS, type StoredMessage } from "@baton/mesh";
import type { z } from "zod";

/** A record with the revision that a change must name; revision 0 if the bucket never had one. */
interface Kept<R> {
  readonly record: R | undefined;
  readonly revision: number;
}

/** A record that a newer escalation wrote: nobody else writes over it. */
export class RecordNewer extends Error {
  override readonly name = "RecordNewer";
  readonly code = "E_RECORD_NEWER";
}

/** Reads and writes records of one kind. */
export interface RecordBook<R extends ToldRecord> {
  /** Throws `RecordNewer`, and what the bucket throws. */
  read(key: string): Promise<Kept<R>>;
  /** B1: false if somebody else wrote since. Throws `Unavailable` when the outcome is unknown. */
  write(record: R, revision: number): Promise<boolean>;
}

/** A kind of records: what they look like, and under which key each is. */
export interface RecordKind<R extends ToldRecord> {
  readonly schema: z.ZodType<R>;
  readonly keyOf: (record: R) => string;
}

/** One record per candidate. */
export const REVIEWS: RecordKind<ReviewRecord> = {
  schema: ReviewRecord,
  keyOf: ({ candidateId }) => candidateId,
};

/** One record per matter of the mesh. */
export const MATTERS: RecordKind<MeshMatterRecord> = {
  schema: MeshMatterRecord,
  keyOf: ({ matter }) => matter,
};

/** True for the key of a matter's record; all others are those of candidates. */
export function isMatterKey(key: string): boolean {
  return key.startsWith(MESH_MATTER_PREFIX);
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

/** What books of every kind are opened with. */
export interface RecordBookParts {
  readonly mesh: Pick<Mesh, "jsm" | "publisher">;
  readonly keepAnsweredMs: number;
  /** Told about a record that can't be read; it is treated as absent. */
  readonly onForeign: (key: string, why: string) => void;
}

/** Opens the book of one kind. */
export function openRecordBook<R extends ToldRecord>(
  kind: RecordKind<R>,
  { mesh, keepAnsweredMs, onForeign }: RecordBookParts,
): RecordBook<R> {
  return {
    read: async (key) => {
      const subject = SUBJECTS + key;
      // From the leader: what another replica just wrote is there.
      const stored = await mesh.jsm.streams.getMessage(REVIEWS_STREAM, { last_by_subj: subject });
      if (!stored) return { record: undefined, revision: 0 };
      const { data, header: headers, seq: revision } = stored;
      const read = parseRecord(kind, keyedFrom({ subject, data, headers }));
      if (read instanceof RecordNewer) throw read;
      if (typeof read === "string") onForeign(key, read);
      return { record: typeof read === "string" ? undefined : read, revision };
    },
    write: async (record, revision) => {
      const isOver = record.state === "answered" && record.delivery === null;
      const headers = {
        "Nats-Expected-Last-Subject-Sequence": revision,
        "Nats-TTL": isOver ? `${Math.ceil(keepAnsweredMs / 1000)}s` : undefined,
      };
      const subject = SUBJECTS + kind.keyOf(record);
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

/**
 * The record under a key: undefined if there is none any more, a text if what is there can't be read, `RecordNewer` if only a
 * newer release can read it.
 */
export function parseRecord<R extends ToldRecord>(
  { schema, keyOf }: RecordKind<R>,
  { key, value: bytes }: Keyed,
): R | RecordNewer | string | undefined {
  if (!bytes) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return `not JSON (${bytes.length} bytes)`;
  }
  const read = readWire(schema, value);
  if (read.kind === "newer") return new RecordNewer(`${key}: ${read.why}`);
  if (read.kind === "malformed") return read.why;
  return keyOf(read.value) === key ? read.value : `what it says it is isn't its key`;
}
