/** The journal as it grows: kept by candidate, and waited on. */
import type { Session } from "@baton/client";
import { type Entry, parseJournalSubject, type TimedEntry } from "@baton/contracts";
import { follow, parseEntry } from "@baton/mesh";

/** A journal that is being read. */
export interface JournalBoard {
  /** A candidate's entries so far, in order. */
  entriesOf(this: void, candidateId: string): readonly TimedEntry[];
  /**
   * The candidate's first entry that fulfils `condition`, stored already or to come. Rejects when the board is closed;
   * `what` says then what was waited for.
   */
  until(
    this: void,
    candidateId: string,
    what: string,
    condition: (entry: Entry) => boolean,
  ): Promise<TimedEntry>;
}

/** Something that was waited for and didn't come. */
export class NotInTime extends Error {
  override readonly name = "NotInTime";
}

interface Waiting {
  readonly candidateId: string;
  readonly condition: (entry: Entry) => boolean;
  readonly resolve: (entry: TimedEntry) => void;
}

/** Reads until `signal` is aborted; `onEntry` hears of every entry. */
export function openBoard(
  session: Pick<Session, "nc" | "jsm">,
  { signal, onEntry }: { signal: AbortSignal; onEntry: (timed: TimedEntry) => void },
): JournalBoard {
  const entries = new Map<string, TimedEntry[]>();
  const waiting = new Set<Waiting>();
  const broken = new AbortController();
  const over = AbortSignal.any([signal, broken.signal]);
  const take = (timed: TimedEntry): void => {
    const { entry } = timed;
    const known = entries.get(entry.candidateId) ?? [];
    known.push(timed);
    entries.set(entry.candidateId, known);
    onEntry(timed);
    for (const one of waiting) {
      if (one.candidateId !== entry.candidateId || !one.condition(entry)) continue;
      waiting.delete(one);
      one.resolve(timed);
    }
  };
  follow(session, {
    stream: "journal",
    signal,
    onMessage: (message) => {
      if (!parseJournalSubject(message.subject)) return;
      const entry = parseEntry(message.data, message.seq);
      take({ sequence: message.seq, storedAt: message.storedMs, entry });
    },
  }).catch((error: unknown) => broken.abort(error));
  return {
    entriesOf: (candidateId) => entries.get(candidateId) ?? [],
    until: (candidateId, what, condition) => {
      const found = entries.get(candidateId)?.find(({ entry }) => condition(entry));
      if (found) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const one: Waiting = { candidateId, condition, resolve };
        waiting.add(one);
        const giveUp = (): void => {
          waiting.delete(one);
          reject(new NotInTime(`${what} didn't come`, { cause: over.reason }));
        };
        if (over.aborted) giveUp();
        else over.addEventListener("abort", giveUp, { once: true });
      });
    },
  };
}
