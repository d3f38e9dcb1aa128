/** Artifacts by content: the name of an object is the SHA-256 of its bytes, so the same bytes are stored once. */
import { createHash } from "node:crypto";

import { ARTIFACTS_BUCKET, MAX_ARTIFACT_BYTES, type Sha256 } from "@baton/contracts";
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { type ObjectInfo, Objm, type ObjectStore } from "@nats-io/obj";

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

/** Opens the artifacts in the JetStream object store; `replicas` counts when the bucket is made. */
export async function openArtifacts(js: JetStreamClient, replicas: number): Promise<Artifacts> {
  const jsm = await js.jetstreamManager(false);
  const store = await new Objm(js).create(ARTIFACTS_BUCKET, { replicas, storage: "file" });
  return {
    put: async (bytes) => {
      if (bytes.length > MAX_ARTIFACT_BYTES) {
        throw new ArtifactTooLarge(
          `artifact of ${bytes.length} bytes; the limit is ${MAX_ARTIFACT_BYTES}`,
        );
      }
      const sha256 = sha256Of(bytes);
      if (!(await isStored(store, sha256, bytes.length)))
        await store.putBlob({ name: sha256 }, bytes);
      return sha256;
    },
    get: async (sha256) => {
      const info = await store.info(sha256);
      if (!info || info.deleted) return undefined;
      const bytes = await readChunks(jsm, info);
      if (sha256Of(bytes) !== sha256)
        throw new ArtifactAltered(`artifact ${sha256} was altered in the store`);
      return bytes;
    },
  };
}

/**
 * An object's bytes, chunk by chunk. The client's own `get` makes a consumer per object, which the server keeps for minutes:
 * reading many artifacts runs into its limit.
 */
async function readChunks(jsm: JetStreamManager, info: ObjectInfo): Promise<Uint8Array> {
  const bytes = new Uint8Array(info.size);
  let filled = 0;
  let from = 1;
  while (filled < info.size) {
    const chunk = await jsm.direct.getMessage(`OBJ_${ARTIFACTS_BUCKET}`, {
      seq: from,
      next_by_subj: `$O.${ARTIFACTS_BUCKET}.C.${info.nuid}`,
    });
    if (!chunk || filled + chunk.data.length > info.size)
      throw new ArtifactAltered(`artifact ${info.name} has ${filled} of ${info.size} bytes left`);
    bytes.set(chunk.data, filled);
    filled += chunk.data.length;
    from = chunk.seq + 1;
  }
  return bytes;
}

async function isStored(store: ObjectStore, sha256: Sha256, bytes: number): Promise<boolean> {
  const info = await store.info(sha256);
  return info !== null && !info.deleted && info.size === bytes;
}
