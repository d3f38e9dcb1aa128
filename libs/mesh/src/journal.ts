/** The journal: written only through the fence, read by candidate. */
import { hash } from "node:crypto";

import {
  deduplicationId,
  type HashedEntry,
  isDispatch,
  journalFence,
  journalSubject,
  type CandidateId,
  runFilter,
  type RunId,
  type Stage,
  type StageRun,
  stageRunFilter,
  type Sha256,
  STREAMS,
  type TimedEntry,
  type WholeEntry,
  wireOf,
} from "@baton/contracts";
import type { JetStreamManager, StoredMsg } from "@nats-io/jetstream";

import { Unavailable } from "./connect.ts";
import { openWholeEntries, type WholeEntries } from "./earlier-entries.ts";
import type { GroupWriter } from "./group-writer.ts";
import { sampledOnly } from "./message-bytes.ts";
import { hashedEntry } from "./parse-entry.ts";
import { REFUSALS, Refused } from "./publisher.ts";

/** How an append ended. `fenced`: someone else moved the candidate since, or this very entry was stored before. */
export type Appended =
  | {
      readonly kind: "stored";
      readonly sequence: number;
      /** Length of the entry's JSON, and its digest. */
      readonly bytes: number;
      readonly sha256: Sha256;
    }
  | { readonly kind: "fenced" };

/** An entry with when it was stored, and its bytes as text: their digest is `sha256`. */
export type RecordedEntry = TimedEntry & HashedEntry & { readonly text: string };

/** Reads and writes the journal. */
export interface Journal extends WholeEntries {
  /**
   * Appends behind `entry.prev`. Retries while the outcome is unknown, unless `once`; throws `Unavailable` when that doesn't
   * help.
   */
  append(entry: WholeEntry, options?: { readonly once: boolean }): Promise<Appended>;
  /** The candidate's last entry, read from the stream's leader. */
  last(candidateId: CandidateId): Promise<HashedEntry | undefined>;
  /** The candidate's first entry: what its original receipt was made from. */
  first(candidateId: CandidateId): Promise<HashedEntry | undefined>;
  /** When its candidate entered the stage in that run: its first entry there was stored; milliseconds since 1970. */
  entered(of: StageRun): Promise<number | undefined>;
  /** All its entries in order. */
  history(candidateId: CandidateId): Promise<RecordedEntry[]>;
  /** The entry stored under a sequence. */
  at(sequence: number): Promise<HashedEntry | undefined>;
}

const ATTEMPTS = 6;
const RETRY_MS = 500;

/** Opens the journal. */
export function openJournal(jsm: JetStreamManager, writer: GroupWriter): Journal {
  const stream = STREAMS.journal.name;
  const at = readerOf(jsm);
  // From any replica, as it is stored; one that lags is no loss, so the leader has the last word.
  const anywhere: typeof at = async (sequence) =>
    parse(await jsm.direct.getMessage(stream, { seq: sequence })) ?? at(sequence);
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
    at,
    ...openWholeEntries(anywhere),
    history: async (candidateId) => {
      const entries: RecordedEntry[] = [];
      let from = 1;
      for (;;) {
        const message = await jsm.direct.getMessage(stream, {
          seq: from,
          next_by_subj: journalFence(candidateId),
        });
        const stored = parse(message);
        if (!message || !stored) return entries;
        entries.push({ ...stored, storedAt: message.time.getTime(), text: message.string() });
        from = stored.sequence + 1;
      }
    },
  };
}

/** What a process needs that holds main against the journal: last entries, and no way to write. */
export interface LastEntries extends Pick<Journal, "last" | "whole" | "wholeStored"> {
  /** The last entry that names the run; with `stage` that names it at that stage, whoever's run it is. */
  lastOfRun(of: LastOfRun): Promise<HashedEntry | undefined>;
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
    ...openWholeEntries(readerOf(jsm)),
  };
}

async function append(writer: GroupWriter, entry: WholeEntry, attempts: number): Promise<Appended> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Made anew for each attempt: while hundreds wait for their acknowledgement, nothing of it is kept.
      const payload = JSON.stringify(wireOf(entry));
      const sha256 = hash("sha256", payload);
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
        : { kind: "stored", sequence: stored.sequence, bytes, sha256 };
    } catch (error) {
      if (error instanceof Refused && error.code === REFUSALS.wrongLastSequence)
        return { kind: "fenced" };
      if (!(error instanceof Unavailable) || attempt >= attempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function parse(message: StoredMsg | null): HashedEntry | undefined {
  return message ? hashedEntry(message) : undefined;
}

/** Reads by sequence, from the stream's leader. */
function readerOf(jsm: Pick<JetStreamManager, "streams">): Journal["at"] {
  return async (sequence) =>
    parse(await jsm.streams.getMessage(STREAMS.journal.name, { seq: sequence }));
}
