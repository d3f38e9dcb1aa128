/** Where candidates stand by the journal: what this process appended is known at once, what others did when it's caught up with. */
import { setTimeout as delay } from "node:timers/promises";

import type { StoredEntry } from "@baton/contracts";
import { whereabouts, type Whereabouts } from "@baton/folds";
import { foldJournal, type Reader } from "@baton/mesh";

/** What is known. */
export interface JournalWatch {
  readonly whereabouts: Whereabouts;
  /** Takes note of an entry that this process appended. */
  note(this: void, stored: StoredEntry): void;
  /** Reads entries that others appended before the call. Rejects with `LogReset` if the journal is another one. */
  catchUp(this: void, signal: AbortSignal): Promise<void>;
}

/** Between two reads where one broke off: a replica may lag. */
const AGAIN_MS = 50;

/** Opens a watch that has read nothing yet. */
export function openJournalWatch(reader: Reader): JournalWatch {
  const journal = foldJournal(reader, whereabouts);
  let reading: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const read = async (signal: AbortSignal): Promise<void> => {
    while (!(await journal.advance(signal)) && !signal.aborted) {
      // Waiting rejects when the signal is aborted: the loop's condition sees to that.
      await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const start = (signal: AbortSignal): Promise<void> => {
    reading = read(signal).finally(() => (reading = undefined));
    return reading;
  };
  return {
    get whereabouts() {
      return journal.state;
    },
    note: (stored) => journal.note(stored),
    catchUp: (signal) => {
      if (!reading) return start(signal);
      // The one that is under way may have looked at the end before the call.
      next ??= reading
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          return start(signal);
        });
      return next;
    },
  };
}
