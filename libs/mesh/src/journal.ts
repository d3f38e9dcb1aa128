/** The journal: written only through the fence, read by candidate. */
import {
  conformanceTo,
  deduplicationId,
  Entry,
  isDispatch,
  journalFence,
  journalSubject,
  CandidateId,
  readWire,
  runFilter,
  type RunId,
  type Stage,
  type StageRun,
  stageRunFilter,
  type StoredEntry,
  STREAMS,
  type TimedEntry,
} from "@baton/contracts";
import type { JetStreamManager, StoredMsg } from "@nats-io/jetstream";
import { z } from "zod";

import { Unavailable } from "./connect.ts";
import type { GroupWriter } from "./group-writer.ts";
import { sampledOnly } from "./message-bytes.ts";
import { missesSomething } from "./older-release.ts";
import { REFUSALS, Refused } from "./publisher.ts";

/**
 * How an append ended. `bytes`: length of the entry's JSON. `fenced`: someone else moved the candidate since, or this very
 * entry was stored before.
 */
export type Appended =
  | { readonly kind: "stored"; readonly sequence: number; readonly bytes: number }
  | { readonly kind: "fenced" };

/** A journal message that isn't an entry: someone other than a coordinator of this release wrote it. */
export class JournalCorrupt extends Error {
  override readonly name = "JournalCorrupt";
  readonly code = "E_JOURNAL";
  /** Has what makes an entry, in a form that this release doesn't know: a coordinator of another release wrote it. */
  readonly otherRelease: boolean;
  /** Misses what this release's entries have: it was an older one. No newer release reads it. */
  readonly olderRelease: boolean;

  constructor(
    message: string,
    options?: ErrorOptions & { readonly otherRelease?: boolean; readonly olderRelease?: boolean },
  ) {
    super(message, options);
    this.otherRelease = options?.otherRelease === true;
    this.olderRelease = options?.olderRelease === true;
  }
}

/** Reads and writes the journal. */
export interface Journal {
  /**
   * Appends behind `entry.prev`. Retries while the outcome is unknown, unless `once`; throws `Unavailable` when that doesn't
   * help.
   */
  append(entry: Entry, options?: { readonly once: boolean }): Promise<Appended>;
  /** The candidate's last entry, read from the stream's leader. */
  last(candidateId: CandidateId): Promise<StoredEntry | undefined>;
  /** The candidate's first entry: what its original receipt was made from. */
  first(candidateId: CandidateId): Promise<StoredEntry | undefined>;
  /** When its candidate entered the stage in that run: its first entry there was stored; milliseconds since 1970. */
  entered(of: StageRun): Promise<number | undefined>;
  /** All its entries in order. */
  history(candidateId: CandidateId): Promise<TimedEntry[]>;
  /** The entry stored under a sequence. */
  at(sequence: number): Promise<StoredEntry | undefined>;
}

const ATTEMPTS = 6;
const RETRY_MS = 500;

/** Opens the journal. */
export function openJournal(jsm: JetStreamManager, writer: GroupWriter): Journal {
  const stream = STREAMS.journal.name;
  return {
    append: (entry, options) => append(writer, entry, options?.once === true ? 1 : ATTEMPTS),
    last: async (candidateId) =>
      parse(await jsm.streams.getMessage(stream, { last_by_subj: journalFence(candidateId) })),
    first: async (candidateId) =>
      parse(
        await jsm.direct.getMessage(stream, { seq: 1, next_by_subj: journalFence(candidateId) }),
      ),
    entered: async (of) => {
      const filter = { seq: 1, next_by_subj: stageRunFilter(of) };
      return (await jsm.direct.getMessage(stream, filter))?.time.getTime();
    },
    at: async (sequence) => parse(await jsm.streams.getMessage(stream, { seq: sequence })),
    history: async (candidateId) => {
      const entries: TimedEntry[] = [];
      let from = 1;
      for (;;) {
        const message = await jsm.direct.getMessage(stream, {
          seq: from,
          next_by_subj: journalFence(candidateId),
        });
        const stored = parse(message);
        if (!message || !stored) return entries;
        entries.push({ ...stored, storedAt: message.time.getTime() });
        from = stored.sequence + 1;
      }
    },
  };
}

/** What a process needs that holds main against the journal: last entries, and no way to write. */
export interface LastEntries {
  /** The candidate's last entry, read from the stream's leader. */
  last(candidateId: CandidateId): Promise<StoredEntry | undefined>;
  /** The last entry that names the run; with `stage` that names it at that stage, whoever's run it is. */
  lastOfRun(of: LastOfRun): Promise<StoredEntry | undefined>;
}

/** Either the candidate is known, or the stage. */
type LastOfRun =
  | { readonly candidateId: CandidateId; readonly runId: RunId }
  | { readonly stage: Stage; readonly runId: RunId };

/** Reads last entries and nothing else. */
export function readLastEntries(jsm: Pick<JetStreamManager, "streams">): LastEntries {
  const last = async (subject: string) =>
    parse(await jsm.streams.getMessage(STREAMS.journal.name, { last_by_subj: subject }));
  return {
    last: (candidateId) => last(journalFence(candidateId)),
    lastOfRun: (of) => last(runFilter(of)),
  };
}

async function append(writer: GroupWriter, entry: Entry, attempts: number): Promise<Appended> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Made anew for each attempt: while hundreds wait for their acknowledgement, nothing of it is kept.
      const payload = JSON.stringify(entry);
      const bytes = payload.length;
      const stored = await writer.write(entry.candidateId, {
        subject: journalSubject(entry),
        payload,
        headers: {
          "Nats-Expected-Last-Subject-Sequence": entry.prev,
          "Nats-Expected-Last-Subject-Sequence-Subject": journalFence(entry.candidateId),
          "Nats-Msg-Id": isDispatch(entry) ? deduplicationId(entry) : undefined,
          traceparent: sampledOnly(entry.trace),
        },
      });
      return stored.duplicate
        ? { kind: "fenced" }
        : { kind: "stored", sequence: stored.sequence, bytes };
    } catch (error) {
      if (error instanceof Refused && error.code === REFUSALS.wrongLastSequence)
        return { kind: "fenced" };
      if (!(error instanceof Unavailable) || attempt >= attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function parse(message: StoredMsg | null): StoredEntry | undefined {
  if (!message) return undefined;
  return { sequence: message.seq, entry: parseEntry(message.data, message.seq) };
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
