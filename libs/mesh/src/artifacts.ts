/**
 * Artifacts by content: an artifact's name is the SHA-256 of its bytes, so the same bytes are stored once. Content is stored as
 * chunks under a random id, then a record that says which content has the digest, both under the subjects of who stores them.
 *
 * O1: a record is only what its writer says: the first one counts whose content has the digest. So nobody replaces an artifact,
 *     and nobody spoils one by storing other bytes under its name beforehand.
 * O2: no message can be deleted or rolled up, and no key may purge.
 * O3: what `put` returned was read back as any reader reads it.
 * O4: what a kind stored is found whatever the holders of other kinds' keys do: it doesn't rely on another's copy of its bytes,
 *     and each kind's records are looked at for themselves. People, who are one kind, are looked at last.
 */
import { createHash, randomBytes } from "node:crypto";

import {
  ARTIFACT_WRITERS,
  artifactChunkSubject,
  artifactRecordFilter,
  artifactRecordSubject,
  ARTIFACTS_BUCKET,
  type ArtifactWriter,
  MAX_ARTIFACT_BYTES,
  type Sha256,
} from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";

import { type ArtifactRecord, parseArtifactRecord } from "./artifact-record.ts";
import type { Publisher } from "./publisher.ts";

/** The port: another store may be bound. */
export interface Artifacts {
  /**
   * Stores bytes in the own name and returns their digest, once they can be read; the same bytes again change nothing. Throws `ArtifactTooLarge`,
   * and `ArtifactAltered` if what was stored reads as something else.
   */
  put(bytes: Uint8Array): Promise<Sha256>;
  /** The bytes of a digest, verified; undefined if absent. Throws `ArtifactAltered` if only other bytes are stored under it. */
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
  readonly action =
    "Find out who stored other bytes, or what damaged the store's disk: `baton doctor --deep` lists what can't be read and from what it can be made again.";
}

/** SHA-256 of bytes in lower-case hex. */
export function sha256Of(bytes: Uint8Array): Sha256 {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Bytes of one chunk. */
const CHUNK = 128 * 1024;
/** A reader takes chunks of any size from here on, but for the last: otherwise one record could ask for millions of reads. */
const SMALLEST_CHUNK = 32 * 1024;
/** Chunks on their way at a time. */
const TOGETHER = 8;
/**
 * So many records of one writer for one digest are looked at from the first on, and its last one: whoever writes more hides no
 * record but those of its own kind, of which what was stored last is found.
 */
const LOOKS = 8;
/** What reads as something else is stored so often. */
const TRIES = 2;
/** The kind that many share. */
const PEOPLE = "cli";
const SERVICES = ARTIFACT_WRITERS.filter((writer) => writer !== PEOPLE);
const STREAM = `OBJ_${ARTIFACTS_BUCKET}`;

/** What artifacts are read and written with. */
export interface ArtifactParts {
  readonly jsm: JetStreamManager;
  readonly publisher: Publisher;
  /** In whose name they are stored. */
  readonly writer: ArtifactWriter;
}

/** Opens the artifacts in their stream, which the coordinator makes. */
export function openArtifacts({ jsm, publisher, writer }: ArtifactParts): Artifacts {
  return {
    put: async (bytes) => {
      if (bytes.length > MAX_ARTIFACT_BYTES) {
        throw new ArtifactTooLarge(
          `artifact of ${bytes.length} bytes; the limit is ${MAX_ARTIFACT_BYTES}`,
        );
      }
      const sha256 = sha256Of(bytes);
      let found = await findOf(jsm, { writer, sha256 });
      for (let tries = 0; found.bytes === undefined; tries += 1) {
        if (tries >= TRIES)
          throw new ArtifactAltered(
            `artifact ${sha256} was stored and reads as something else: ${inWords(found)}`,
          );
        await store(publisher, { writer, sha256 }, bytes);
        found = await findOf(jsm, { writer, sha256 });
      }
      return sha256;
    },
    get: async (sha256) => {
      const found = await find(jsm, sha256);
      if (found.bytes === undefined && found.wrong.length > 0)
        throw new ArtifactAltered(
          `artifact ${sha256} isn't stored as it was made: ${inWords(found)}`,
        );
      return found.bytes;
    },
  };
}

async function store(
  publisher: Publisher,
  of: { readonly writer: ArtifactWriter; readonly sha256: Sha256 },
  bytes: Uint8Array,
): Promise<void> {
  // Unpredictable: nobody, not even another process of this kind, can put other bytes before these.
  const id = randomBytes(16).toString("hex");
  const subject = artifactChunkSubject({ writer: of.writer, id });
  const chunks = Math.ceil(bytes.length / CHUNK);
  for (let first = 0; first < chunks; first += TOGETHER) {
    const count = Math.min(TOGETHER, chunks - first);
    await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const from = (first + index) * CHUNK;
        const payload = bytes.subarray(from, from + CHUNK);
        return publisher.publish({ subject, payload, headers: {} });
      }),
    );
  }
  const record = { v: 1, sha256: of.sha256, id, bytes: bytes.length };
  await publisher.publish({
    subject: artifactRecordSubject(of),
    payload: JSON.stringify(record),
    headers: {},
  });
}

/** What is stored under a digest: its bytes, or the records that there are and that don't lead to them. */
interface Found {
  readonly bytes: Uint8Array | undefined;
  readonly wrong: readonly ArtifactRecord[];
}

/** O1, O4: usually the first record that anybody wrote; where that is wrong or people's, those of the services, then people's. */
async function find(jsm: JetStreamManager, sha256: Sha256): Promise<Found> {
  const search = new Search(jsm, sha256);
  const first = await nextRecord(jsm, artifactRecordFilter(sha256), 1);
  if (!first) return search.found(undefined);
  const isPeoples = first.writer === PEOPLE;
  const bytes = isPeoples ? undefined : await search.look(first);
  return search.found(bytes ?? (await search.among(SERVICES)) ?? (await search.among([PEOPLE])));
}

/** O4: what this kind itself stored, whatever others did. */
async function findOf(
  jsm: JetStreamManager,
  of: { readonly writer: ArtifactWriter; readonly sha256: Sha256 },
): Promise<Found> {
  const search = new Search(jsm, of.sha256);
  return search.found(await search.among([of.writer]));
}

/** Looks for the bytes of one digest. */
class Search {
  readonly #jsm: JetStreamManager;
  readonly #sha256: Sha256;
  /** Contents that were read: however many records name one, it costs once. */
  readonly #read = new Set<string>();
  readonly #wrong = new Map<number, ArtifactRecord>();

  constructor(jsm: JetStreamManager, sha256: Sha256) {
    this.#jsm = jsm;
    this.#sha256 = sha256;
  }

  found(bytes: Uint8Array | undefined): Found {
    return { bytes, wrong: [...this.#wrong.values()] };
  }

  /** The bytes, if the record leads to them. */
  async look(record: ArtifactRecord): Promise<Uint8Array | undefined> {
    this.#wrong.set(record.sequence, record);
    const { writer, content } = record;
    if (!writer || content === undefined) return undefined;
    const subject = artifactChunkSubject({ writer, id: content });
    if (this.#read.has(subject)) return undefined;
    this.#read.add(subject);
    return contentOf(this.#jsm, subject, this.#sha256);
  }

  /** Of each of these writers the first records in turn, then the last one. */
  async among(writers: readonly ArtifactWriter[]): Promise<Uint8Array | undefined> {
    const from = new Map(writers.map((writer) => [writer, 1]));
    for (let look = 0; look < LOOKS && from.size > 0; look += 1) {
      const next = [...from].map(async ([writer, sequence]) => ({
        writer,
        record: await nextRecord(this.#jsm, this.#subjectOf(writer), sequence),
      }));
      for (const { writer, record } of await Promise.all(next)) {
        if (record) from.set(writer, record.sequence + 1);
        else from.delete(writer);
        const bytes = record && (await this.look(record));
        if (bytes) return bytes;
      }
    }
    for (const writer of from.keys()) {
      const record = await lastRecord(this.#jsm, this.#subjectOf(writer));
      const bytes = record && (await this.look(record));
      if (bytes) return bytes;
    }
    return undefined;
  }

  #subjectOf(writer: ArtifactWriter): string {
    return artifactRecordSubject({ writer, sha256: this.#sha256 });
  }
}

function inWords({ wrong }: Found): string {
  const writers = new Set(wrong.map(({ writer }) => writer ?? "somebody unknown"));
  return `${wrong.length === 1 ? "its record" : `none of ${wrong.length} records`} by ${[...writers].join(", ")} ${wrong.length === 1 ? "doesn't lead" : "leads"} to its bytes`;
}

/** From the leader: what was just stored is there. */
async function nextRecord(
  jsm: JetStreamManager,
  filter: string,
  from: number,
): Promise<ArtifactRecord | undefined> {
  const next = { seq: from, next_by_subj: filter };
  const message = await jsm.streams.getMessage(STREAM, next);
  return message ? parseArtifactRecord(message) : undefined;
}

async function lastRecord(
  jsm: JetStreamManager,
  subject: string,
): Promise<ArtifactRecord | undefined> {
  const message = await jsm.streams.getMessage(STREAM, { last_by_subj: subject });
  return message ? parseArtifactRecord(message) : undefined;
}

/** The content that has the digest; its writer may have stored anything, and others of its kind may have gone on with it. */
async function contentOf(
  jsm: JetStreamManager,
  subject: string,
  sha256: Sha256,
): Promise<Uint8Array | undefined> {
  const hash = createHash("sha256");
  const chunks: Uint8Array[] = [];
  let filled = 0;
  let from = 1;
  while (hash.copy().digest("hex") !== sha256) {
    const before = chunks.at(-1);
    const chunk = await nextChunk(jsm, subject, from);
    if (!chunk || (before && before.length < SMALLEST_CHUNK)) return undefined;
    filled += chunk.data.length;
    if (filled > MAX_ARTIFACT_BYTES) return undefined;
    chunks.push(chunk.data);
    hash.update(chunk.data);
    from = chunk.seq + 1;
  }
  const bytes = new Uint8Array(filled);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * From any replica; one that lags is made up for by the leader. A consumer per object, as the client's own reading has it, would
 * stay on the server for minutes: reading many artifacts would run into its limit.
 */
async function nextChunk(jsm: JetStreamManager, subject: string, from: number) {
  const next = { seq: from, next_by_subj: subject };
  return (
    (await jsm.direct.getMessage(STREAM, next)) ?? (await jsm.streams.getMessage(STREAM, next))
  );
}
