/** Artifacts by content: the name of an object is the SHA-256 of its bytes, so the same bytes are stored once. */
import { createHash } from "node:crypto";

import { ARTIFACTS_BUCKET, MAX_ARTIFACT_BYTES, type Sha256 } from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";
import { nuid } from "nats";
import { z } from "zod";

import { type Publisher, Refused, REFUSALS } from "./publisher.ts";

/** The port: another store may be bound. */
export interface Artifacts {
  /** Stores bytes and returns their digest; the same bytes again change nothing. Throws `ArtifactTooLarge`. */
  put(bytes: Uint8Array): Promise<Sha256>;
  /** The bytes of a digest, verified; undefined if absent. Throws `ArtifactAltered` if they hash to something else. */
  get(sha256: Sha256): Promise<Uint8Array | undefined>;
}

/** More bytes than one artifact may have. */
export class ArtifactTooLarge extends Error {
  override readonly name = "ArtifactTooLarge";
  readonly code = "E_LIMIT";
  readonly class = "deterministic";
  readonly action = "Make the stage write less, or several artifacts.";
}

/** Stored bytes that aren't those of their digest. */
export class ArtifactAltered extends Error {
  override readonly name = "ArtifactAltered";
  readonly code = "E_ARTIFACT";
  readonly class = "deterministic";
  readonly action = "Find out who changed the artifact store; `baton resume` runs the stage again.";
}

/** SHA-256 of bytes in lower-case hex. */
export function sha256Of(bytes: Uint8Array): Sha256 {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Bytes of one chunk. */
const CHUNK = 128 * 1024;
/** Chunks on their way at a time. */
const TOGETHER = 8;
/** Names and layout are those of the NATS object store, so that its tools can read what is here. */
const STREAM = `OBJ_${ARTIFACTS_BUCKET}`;
const CHUNKS = `$O.${ARTIFACTS_BUCKET}.C`;
const RECORDS = `$O.${ARTIFACTS_BUCKET}.M`;

/** What is stored about an object, as far as it's read here. */
const ObjectRecord = z.object({
  name: z.string(),
  nuid: z.string().regex(/^[A-Za-z0-9]{1,64}$/),
  size: z.int().min(0).max(MAX_ARTIFACT_BYTES),
});
type ObjectRecord = z.infer<typeof ObjectRecord>;

/**
 * Opens the artifacts in the object store, whose stream the coordinator makes.
 *
 * O1: the first record of a name counts, and the first bytes of its chunks: whoever may add artifacts can't replace any.
 * O2: no message can be deleted, purged or rolled up, by nobody.
 */
export function openArtifacts({ jsm, publisher }: ArtifactParts): Artifacts {
  return {
    put: async (bytes) => {
      if (bytes.length > MAX_ARTIFACT_BYTES) {
        throw new ArtifactTooLarge(
          `artifact of ${bytes.length} bytes; the limit is ${MAX_ARTIFACT_BYTES}`,
        );
      }
      const sha256 = sha256Of(bytes);
      const stored = await findRecord(jsm, sha256);
      if (stored?.size !== bytes.length) await store(publisher, sha256, bytes);
      return sha256;
    },
    get: async (sha256) => {
      const record = await findRecord(jsm, sha256);
      if (!record) return undefined;
      const bytes = await readChunks(jsm, record);
      if (sha256Of(bytes) !== sha256)
        throw new ArtifactAltered(`artifact ${sha256} was altered in the store`);
      return bytes;
    },
  };
}

/** What artifacts are read and written with. */
export interface ArtifactParts {
  readonly jsm: JetStreamManager;
  readonly publisher: Publisher;
}

async function store(publisher: Publisher, sha256: Sha256, bytes: Uint8Array): Promise<void> {
  const id = nuid.next();
  const chunks = Math.ceil(bytes.length / CHUNK);
  for (let first = 0; first < chunks; first += TOGETHER) {
    const count = Math.min(TOGETHER, chunks - first);
    await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const from = (first + index) * CHUNK;
        const payload = bytes.subarray(from, from + CHUNK);
        return publisher.publish({ subject: `${CHUNKS}.${id}`, payload, headers: {} });
      }),
    );
  }
  const record = {
    name: sha256,
    bucket: ARTIFACTS_BUCKET,
    nuid: id,
    size: bytes.length,
    chunks,
    digest: `SHA-256=${padded(Buffer.from(sha256, "hex"))}`,
    mtime: new Date().toISOString(),
    deleted: false,
    options: { max_chunk_size: CHUNK },
  };
  await publisher
    .publish({
      subject: recordSubject(sha256),
      payload: JSON.stringify(record),
      headers: { "Nats-Expected-Last-Subject-Sequence": 0 },
    })
    .catch((error: unknown) => {
      // Somebody else stored the same bytes just now.
      if (!(error instanceof Refused && error.code === REFUSALS.wrongLastSequence)) throw error;
    });
}

/** The first record of a name (O1), from the leader: what was just stored is there. */
async function findRecord(
  jsm: JetStreamManager,
  sha256: Sha256,
): Promise<ObjectRecord | undefined> {
  const first = { seq: 1, next_by_subj: recordSubject(sha256) };
  const message = await jsm.streams.getMessage(STREAM, first);
  if (!message) return undefined;
  const record = ObjectRecord.safeParse(readJson(message.data)).data;
  if (record?.name !== sha256)
    throw new ArtifactAltered(`the record of artifact ${sha256} was written by somebody else`);
  return record;
}

function readJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(data));
  } catch {
    return undefined;
  }
}

function recordSubject(sha256: Sha256): string {
  return `${RECORDS}.${padded(Buffer.from(sha256))}`;
}

/** Base64url as the object store writes it. */
function padded(bytes: Buffer): string {
  const text = bytes.toString("base64url");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}

/**
 * An object's bytes, chunk by chunk. The client's own `get` makes a consumer per object, which the server keeps for minutes:
 * reading many artifacts runs into its limit.
 */
async function readChunks(jsm: JetStreamManager, record: ObjectRecord): Promise<Uint8Array> {
  const bytes = new Uint8Array(record.size);
  let filled = 0;
  let from = 1;
  while (filled < record.size) {
    const chunk = await nextChunk(jsm, record, from);
    if (!chunk || filled + chunk.data.length > record.size)
      throw new ArtifactAltered(
        `artifact ${record.name} has ${filled} of ${record.size} bytes left`,
      );
    bytes.set(chunk.data, filled);
    filled += chunk.data.length;
    from = chunk.seq + 1;
  }
  return bytes;
}

/** From any replica; one that lags is made up for by the leader. */
async function nextChunk(jsm: JetStreamManager, { nuid: id }: ObjectRecord, from: number) {
  const next = { seq: from, next_by_subj: `${CHUNKS}.${id}` };
  return (
    (await jsm.direct.getMessage(STREAM, next)) ?? (await jsm.streams.getMessage(STREAM, next))
  );
}
