/** A journal message as an entry, or why it is none. */
import { hash } from "node:crypto";

import { CandidateId, conformanceTo, Entry, type HashedEntry, readWire } from "@baton/contracts";
import type { StoredMsg } from "@nats-io/jetstream";
import { z } from "zod";

import { missesSomething, UnreadableMessage } from "./older-release.ts";

/** A journal message that isn't an entry: someone other than a coordinator of this release wrote it. */
export class JournalCorrupt extends UnreadableMessage {
  override readonly name = "JournalCorrupt";
  readonly code = "E_JOURNAL";
}

/** A journal message as an entry with the digest of its bytes; throws like `parseEntry`. */
export function hashedEntry({ data, seq }: Pick<StoredMsg, "data" | "seq">): HashedEntry {
  return { sequence: seq, sha256: hash("sha256", data), entry: parseEntry(data, seq) };
}

const decoder = new TextDecoder();
const isEntry = conformanceTo(Entry);

/** Parses an entry's bytes; throws `JournalCorrupt` naming the sequence and what is wrong. */
export function parseEntry(data: Uint8Array, sequence: number): Entry {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(data));
  } catch (error) {
    throw new JournalCorrupt(`JOURNAL ${sequence} isn't JSON`, { cause: error });
  }
  if (isEntry(value)) return value;
  const read = readWire(Entry, value);
  if (read.kind === "read") return read.value;
  if (read.kind === "malformed" && !EntryOfAnyRelease.safeParse(value).success)
    throw new JournalCorrupt(`JOURNAL ${sequence} isn't an entry: ${read.why}`);
  const olderRelease = read.kind === "malformed" && missesSomething(value, Entry);
  const release = olderRelease ? "an older release" : "another release";
  throw new JournalCorrupt(`JOURNAL ${sequence} is an entry of ${release}: ${read.why}`, {
    otherRelease: true,
    olderRelease,
  });
}

/** What every release's entry has: enough to tell one from what isn't any. */
const EntryOfAnyRelease = z.object({
  v: z.int().positive(),
  candidateId: CandidateId,
  n: z.int().min(0),
  prev: z.int().min(0),
  holder: z.string(),
  reason: z.string(),
});
