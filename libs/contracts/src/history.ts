/**
 * How far the mesh's history had come, as something outside of it remembers: so that a stream that is gone, was made anew or
 * went back to an older copy is noticed, whatever it says itself.
 *
 * H1: a mark names a message by its sequence and its digest; history goes on from a mark only if it still has that message.
 * H2: marks of an epoch say nothing about a later one: people accepted that what they were about is lost.
 */
import { z } from "zod";

import { Instant, MeshName, Sha256 } from "./names.ts";
import { ARTIFACTS_BUCKET, STREAMS } from "./subjects.ts";
import { wireObject, WireVersion } from "./wire.ts";

/** The streams that together are the mesh's history. Of them only one that never held anything may be made. */
export const HISTORY_STREAMS = [
  STREAMS.controls.name,
  STREAMS.journal.name,
  STREAMS.reports.name,
  STREAMS.commands.name,
  `OBJ_${ARTIFACTS_BUCKET}`,
] as const;
export type HistoryStream = (typeof HISTORY_STREAMS)[number];

/** A message that was seen as its stream's last one. */
export const Mark = wireObject({
  sequence: z.int().positive(),
  /** Of its subject, a line feed, and its data. */
  sha256: Sha256,
});
export type Mark = z.infer<typeof Mark>;

/** A newer release may have one more. */
const StreamName = z.custom<HistoryStream>(
  (value) => typeof value === "string" && /^[A-Z][A-Z_]{0,62}$/.test(value),
  "stream: 1 to 63 of A-Z and '_'",
);

/** How far history had come; a stream that held nothing is left out. */
export const HistoryMarks = wireObject({
  v: WireVersion,
  /** What the mesh is called, where that is known. */
  mesh: MeshName.optional(),
  epoch: z.int().positive(),
  /** Last sequence of each stream when that epoch began; absent in the first, and where nobody says. */
  began: z.record(z.string(), z.int().min(0)).optional(),
  /** When it was so. */
  time: Instant,
  streams: z.partialRecord(StreamName, Mark),
});
export type HistoryMarks = z.infer<typeof HistoryMarks>;

/**
 * Something that history no longer has. `absent`: the stream isn't there; `shorter`: it ends before what was seen; `other`: it
 * has something else where that was.
 */
export interface Loss {
  readonly stream: HistoryStream;
  readonly kind: "absent" | "shorter" | "other";
  /** Sequence that was seen; 0 where only the stream itself is known to have been there. */
  readonly seen: number;
  /** Its last sequence now. */
  readonly has: number;
  /** What knows of it: `mark`, `main`, the name of another stream, `this process`. */
  readonly by: string;
}

/** Who engages the kill switch when history is found lost; the command's id is the loss's. */
export const LOSS_FOUND_BY = "coordinator";

/** Id of the loss for which the kill switch was engaged and that nobody has accepted yet; undefined if it is engaged for another reason. */
export function lossThatStops({
  by,
  commandId,
}: {
  readonly by: string;
  readonly commandId: string;
}): string | undefined {
  return by === LOSS_FOUND_BY && commandId.startsWith("loss-") ? commandId : undefined;
}

/** Accepted where only a process that isn't the coordinator knows of a loss. */
export const UNKNOWN_LOSS = "loss-000000000000";

/** A loss in words. */
export function lossText({ stream, kind, seen, has, by }: Loss): string {
  if (kind === "absent") {
    const last = seen > 0 ? `; it had come to ${seen}` : "";
    return `${stream} is gone${last} (known by ${by})`;
  }
  if (kind === "shorter")
    return `${stream} ends at ${has}, but had come to ${seen} (known by ${by})`;
  return `${stream} ${seen} isn't the message that was there (known by ${by})`;
}
