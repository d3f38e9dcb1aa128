/**
 * The records in the bucket REVIEWS.
 *
 * B1: a record is written against the revision it was read at (0 if there was none), so of two replicas one wins and the other
 *     reads again.
 * B2: an answered record expires by itself; an open one never does.
 */
import { REVIEWS_BUCKET, ReviewRecord } from "@baton/contracts";
import { type Mesh, Refused, REFUSALS } from "@baton/mesh";
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";

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
  /** Its bucket, for the copy that each process keeps. */
  readonly bucket: KV;
}

/** Keys that expire leave a marker for so long, so that copies notice. */
const MARKER_MS = 60_000;

/** Opens the book and makes its bucket if it isn't there. */
export async function openReviewBook(options: {
  readonly mesh: Pick<Mesh, "js" | "publisher">;
  readonly replicas: number;
  readonly keepAnsweredMs: number;
  /** Told about a record that can't be read; it is treated as absent. */
  readonly onForeign: (key: string, why: string) => void;
}): Promise<ReviewBook> {
  const { mesh, replicas, keepAnsweredMs, onForeign } = options;
  const bucket = await new Kvm(mesh.js).create(REVIEWS_BUCKET, {
    history: 1,
    storage: "file",
    replicas,
    markerTTL: MARKER_MS,
  });
  return {
    bucket,
    read: async (candidateId) => {
      const entry = await bucket.get(candidateId);
      if (!entry) return { record: undefined, revision: 0 };
      const read = parseRecord(entry);
      if (typeof read === "string") onForeign(candidateId, read);
      return { record: typeof read === "object" ? read : undefined, revision: entry.revision };
    },
    write: async (record, revision) => {
      const isOver = record.state === "answered" && record.delivery === null;
      const headers = {
        "Nats-Expected-Last-Subject-Sequence": revision,
        "Nats-TTL": isOver ? `${Math.ceil(keepAnsweredMs / 1000)}s` : undefined,
      };
      const subject = `$KV.${REVIEWS_BUCKET}.${record.candidateId}`;
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

/** The record under a key: undefined if it was deleted or has expired, a text if what is there can't be read. */
export function parseRecord(
  entry: Pick<KvEntry, "key" | "value" | "operation">,
): ReviewRecord | string | undefined {
  if (entry.operation !== "PUT") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(entry.value));
  } catch {
    return `not JSON (${entry.value.length} bytes)`;
  }
  const parsed = ReviewRecord.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join(".") || "(top)"}: ${issue?.message}`;
  }
  return parsed.data.candidateId === entry.key ? parsed.data : "candidateId: isn't its key";
}
