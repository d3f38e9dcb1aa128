/** Records and content as the holder of a key may write them. */
import { randomBytes } from "node:crypto";

import { artifactChunkSubject, artifactRecordSubject, type ArtifactWriter } from "@baton/contracts";

import type { Mesh } from "./mesh.ts";

const anId = (): string => randomBytes(16).toString("hex");

/** A record and the content that it names. */
export interface Lie {
  readonly record: string;
  readonly chunks?: readonly (string | Uint8Array)[];
  readonly id?: string;
}

/** Stores a record and content as the holder of a key may. */
export async function spoil(
  mesh: Mesh,
  writer: ArtifactWriter,
  sha256: string,
  lie: Lie,
): Promise<void> {
  const { id = anId(), chunks = [], record } = lie;
  for (const payload of chunks)
    await mesh.publisher.publish({
      subject: artifactChunkSubject({ writer, id }),
      payload,
      headers: {},
    });
  const subject = artifactRecordSubject({ writer, sha256 });
  await mesh.publisher.publish({ subject, payload: record, headers: {} });
}

/** A record about a digest that leads to other bytes. */
export function lieAbout(sha256: string, bytes: number, chunks: Lie["chunks"] = []): Lie {
  const id = anId();
  return { id, chunks, record: JSON.stringify({ v: 1, sha256, id, bytes }) };
}
