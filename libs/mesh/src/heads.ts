/** Where a stream ends: its last message by sequence and digest. */
import { createHash } from "node:crypto";

import type { Mark, MeshName } from "@baton/contracts";
import type { JetStreamManager } from "@nats-io/jetstream";

import { absent, meshNameIn } from "./ensure-topology.ts";

/** A stream's end. `mark` is undefined while it never held anything, or holds nothing any more. */
export interface Head {
  readonly last: number;
  readonly mark: Mark | undefined;
  /** What the stream says that its mesh is called. */
  readonly name: MeshName | undefined;
}

/** The digest that a mark has of a message. */
export function markDigest(subject: string, data: Uint8Array): string {
  return createHash("sha256").update(`${subject}\n`).update(data).digest("hex");
}

/** A stream's last message; undefined if it holds none. Throws where there's no such stream. */
export async function lastMark(jsm: JetStreamManager, stream: string): Promise<Mark | undefined> {
  const message = await jsm.streams.getMessage(stream, { last_by_subj: ">" });
  if (!message) return undefined;
  return { sequence: message.seq, sha256: markDigest(message.subject, message.data) };
}

/** A stream's end, as its leader has it; undefined if there's no such stream. */
export async function headOf(jsm: JetStreamManager, stream: string): Promise<Head | undefined> {
  const info = await jsm.streams.info(stream).catch(absent);
  if (!info) return undefined;
  const mark = await lastMark(jsm, stream);
  return {
    last: Math.max(info.state.last_seq, mark?.sequence ?? 0),
    mark,
    name: meshNameIn(info.config),
  };
}

/** The mark of one stored message; undefined if it isn't there. */
export async function markAt(
  jsm: JetStreamManager,
  stream: string,
  sequence: number,
): Promise<Mark | undefined> {
  const message = await jsm.streams.getMessage(stream, { seq: sequence });
  return message ? { sequence, sha256: markDigest(message.subject, message.data) } : undefined;
}
