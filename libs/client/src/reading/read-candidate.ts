/** One candidate's journal and reports, read once. */
import {
  type CandidateId,
  journalFence,
  reportFilter,
  type StoredReport,
  STREAMS,
  type TimedEntry,
} from "@baton/contracts";
import {
  follow,
  type FollowOptions,
  parseEntry,
  parseReport,
  type StoredMessage,
} from "@baton/mesh";
import { UserError, EXIT } from "@baton/text/user-error";

import type { Session } from "../session/session.ts";

/** A reader that hears nothing for so long gives up. */
const SILENT_MS = 15_000;

type JournalSession = Pick<Session, "nc" | "jsm"> & Partial<Pick<Session, "tell">>;

/** A candidate's entries in order; at least one. Messages that aren't entries are left out and said so. */
export async function readEntries(
  session: JournalSession,
  candidateId: CandidateId,
): Promise<[TimedEntry, ...TimedEntry[]]> {
  const entries: TimedEntry[] = [];
  const foreign: number[] = [];
  await readAll(session, { stream: "journal", filter: journalFence(candidateId) }, (message) => {
    try {
      const entry = parseEntry(message.data, message.seq);
      entries.push({ sequence: message.seq, storedAt: message.storedMs, entry });
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
): Promise<TimedEntry> {
  const message = await jsm.streams.getMessage(STREAMS.journal.name, {
    last_by_subj: journalFence(candidateId),
  });
  if (!message) throw unknownCandidate(candidateId);
  const entry = parseEntry(message.data, message.seq);
  return { sequence: message.seq, storedAt: message.time.getTime(), entry };
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

function wentSilent(stream: FollowOptions["stream"]): UserError {
  return new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `the server stopped answering while the stream ${stream} was read`,
    rule: `something comes every ${SILENT_MS / 1000} s`,
    action: "Try again; `baton doctor` tells more if it stays so.",
  });
}
