/** One candidate's journal and reports, read once. */
import {
  type CandidateId,
  type Entry,
  type HashedEntry,
  journalFence,
  reportFilter,
  type StoredReport,
  STREAMS,
  type TimedEntry,
  type WholeEntry,
} from "@baton/contracts";
import {
  follow,
  type FollowOptions,
  hashedEntry,
  parseReport,
  readLastEntries,
  type StoredMessage,
} from "@baton/mesh";
import { UserError, EXIT } from "@baton/text/user-error";

import type { Session } from "../session/session.ts";

/** A reader that hears nothing for so long gives up. */
export const SILENT_MS = 15_000;

type JournalSession = Pick<Session, "nc" | "jsm"> & Partial<Pick<Session, "tell">>;

/** An entry with when it was stored and the digest of its bytes. */
export type ReadEntry = TimedEntry & HashedEntry;

/** A candidate's entries in order; at least one. Messages that aren't entries are left out and said so. */
export async function readEntries(
  session: JournalSession,
  candidateId: CandidateId,
): Promise<[ReadEntry, ...ReadEntry[]]> {
  const entries: ReadEntry[] = [];
  const foreign: number[] = [];
  await readAll(session, { stream: "journal", filter: journalFence(candidateId) }, (message) => {
    try {
      entries.push({ ...hashedEntry(message), storedAt: message.storedMs });
    } catch {
      foreign.push(message.seq);
    }
  });
  if (foreign.length > 0) {
    session.tell?.(
      `JOURNAL ${foreign.join(", ")}: not entries, left out; \`baton doctor\` says more`,
    );
  }
  const [first, ...rest] = entries;
  if (first === undefined) throw unknownCandidate(candidateId);
  return [first, ...rest];
}

/** Everything that lanes reported about a candidate, in order. */
export async function readReports(
  session: JournalSession,
  candidateId: CandidateId,
): Promise<StoredReport[]> {
  const reports: StoredReport[] = [];
  await readAll(session, { stream: "reports", filter: reportFilter(candidateId) }, (message) => {
    const report = parseReport(message.data);
    if (typeof report === "object")
      reports.push({ sequence: message.seq, storedAt: message.storedMs, report });
  });
  return reports;
}

/** A candidate's last entry, with when it was stored, read from the stream's leader. */
export async function readLast(
  { jsm }: Pick<Session, "jsm">,
  candidateId: CandidateId,
): Promise<ReadEntry> {
  const message = await jsm.streams.getMessage(STREAMS.journal.name, {
    last_by_subj: journalFence(candidateId),
  });
  if (!message) throw unknownCandidate(candidateId);
  return { ...hashedEntry(message), storedAt: message.time.getTime() };
}

/** The entry with all that it rests on. Throws `JournalCorrupt` where an earlier one isn't what it was decided on. */
export function readWhole(
  { jsm }: { readonly jsm: Pick<Session["jsm"], "streams"> },
  entry: Entry,
): Promise<WholeEntry> {
  return readLastEntries(jsm).whole(entry);
}

/** No entry of that candidate is in the journal. */
export function unknownCandidate(candidateId: string): UserError {
  return new UserError({
    code: "E_NOT_FOUND",
    exit: EXIT.notFound,
    message: `no candidate ${candidateId} is known`,
    action: "`baton get candidates` lists those there are.",
  });
}

/** Reads what is stored at this moment and returns. */
export async function readAll(
  session: Pick<Session, "nc" | "jsm">,
  what: Pick<FollowOptions, "stream" | "filter" | "from">,
  onMessage: (message: StoredMessage) => void,
): Promise<void> {
  const done = new AbortController();
  let complete = false;
  const silence = setTimeout(() => done.abort(), SILENT_MS);
  try {
    await follow(session, {
      ...what,
      signal: done.signal,
      onMessage: (message) => {
        if (done.signal.aborted) return;
        silence.refresh();
        onMessage(message);
      },
      onCaughtUp: () => {
        complete = true;
        done.abort();
      },
    });
  } finally {
    clearTimeout(silence);
  }
  if (!complete) throw wentSilent(what.stream);
}

/** Nothing came of a stream for too long. */
export function wentSilent(stream: FollowOptions["stream"]): UserError {
  return new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `the server stopped answering while the stream ${stream} was read`,
    rule: `something comes every ${SILENT_MS / 1000} s`,
    action: "Try again; `baton doctor` tells more if it stays so.",
  });
}
