/** Artifacts by content: the name of an object is the SHA-256 of its bytes, so the same bytes are stored once. */
import { createHash } from "node:crypto";

import { ARTIFACTS_BUCKET, MAX_ARTIFACT_BYTES, type Sha256 } from "@baton/contracts";
import type { JetStreamClient } from "@nats-io/jetstream";
import { Objm, type ObjectStore } from "@nats-io/obj";

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
}

/** Stored bytes that aren't those of their digest. */
export class ArtifactAltered extends Error {
  override readonly name = "ArtifactAltered";
  readonly code = "E_ARTIFACT";
}

/** The artifact store's service or stream is away. */
export { Unavailable as ArtifactsUnavailable } from "./connect.ts";

/** SHA-256 of bytes in lower-case hex. */
export function sha256Of(bytes: Uint8Array): Sha256 {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Opens the artifacts in the JetStream object store; `replicas` counts when the bucket is made. */
export async function openArtifacts(js: JetStreamClient, replicas: number): Promise<Artifacts> {
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
      const bytes = await store.getBlob(sha256).catch((error: unknown) => {
        throw new ArtifactAltered(`artifact ${sha256} can't be read whole`, { cause: error });
      });
      if (bytes === null) return undefined;
      if (sha256Of(bytes) !== sha256)
        throw new ArtifactAltered(`artifact ${sha256} was altered in the store`);
      return bytes;
    },
  };
}

async function isStored(store: ObjectStore, sha256: Sha256, bytes: number): Promise<boolean> {
  const info = await store.info(sha256);
  return info !== null && !info.deleted && info.size === bytes;
}
