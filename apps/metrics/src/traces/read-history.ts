/** A candidate's entries and reports, as they are stored now. */
import { journalFence, reportFilter, type StoredReport, type TimedEntry } from "@baton/contracts";
import {
  follow,
  type FollowOptions,
  JournalCorrupt,
  parseEntry,
  parseReport,
  type Reader,
  type StoredMessage,
} from "@baton/mesh";
import type { History } from "@baton/views";

/** One read ends after this time at the latest: a hung server must not hold up the next. */
const READ_MS = 15_000;
/** A longer history isn't drawn. */
const MAX_MESSAGES = 20_000;

/** Reads both; undefined if that broke off. What isn't an entry or a report is left out. */
export async function readHistory(
  reader: Reader,
  candidateId: string,
  signal: AbortSignal,
): Promise<History | undefined> {
  const entries: TimedEntry[] = [];
  const reports: StoredReport[] = [];
  const readEntries = await readAll(
    reader,
    { stream: "journal", filter: journalFence(candidateId), signal },
    ({ data, seq: sequence, storedMs: storedAt }) => {
      try {
        entries.push({ sequence, storedAt, entry: parseEntry(data, sequence) });
      } catch (error) {
        if (!(error instanceof JournalCorrupt)) throw error;
      }
    },
  );
  const readReports =
    readEntries &&
    (await readAll(
      reader,
      { stream: "reports", filter: reportFilter(candidateId), signal },
      ({ data, seq: sequence, storedMs: storedAt }) => {
        const report = parseReport(data);
        if (typeof report === "object") reports.push({ sequence, storedAt, report });
      },
    ));
  return readReports ? { entries, reports } : undefined;
}

/** What is there at this moment; false if not all of it could be read. */
async function readAll(
  reader: Reader,
  { stream, filter, signal }: Pick<FollowOptions, "stream" | "signal"> & { filter: string },
  onMessage: (message: StoredMessage) => void,
): Promise<boolean> {
  const done = new AbortController();
  let isWhole = false;
  let left = MAX_MESSAGES;
  await follow(reader, {
    stream,
    filter,
    signal: AbortSignal.any([signal, done.signal, AbortSignal.timeout(READ_MS)]),
    onMessage: (message) => {
      left -= 1;
      if (left < 0) done.abort();
      else onMessage(message);
    },
    onCaughtUp: () => {
      isWhole = true;
      done.abort();
    },
  });
  return isWhole;
}

/**
 * True if all is there that the spans from `from` on are made of: the entries up to `through`, and the reports that they name. A
 * replica may lag.
 */
export function isThere(
  { entries, reports }: History,
  { from, through }: { readonly from: number; readonly through: number },
): boolean {
  const stored = new Set(reports.map(({ sequence }) => sequence));
  return (
    (entries.at(-1)?.sequence ?? 0) >= through &&
    entries.every(
      ({ sequence, entry: { cause } }) =>
        sequence < from || cause.kind !== "report" || stored.has(cause.sequence),
    )
  );
}
