/** Tells about every journal entry once: those of this process at once, those of others when they're caught up with. */
import { type Entry, STREAMS, type StoredEntry } from "@baton/contracts";
import { follow, JournalCorrupt, type Mesh, parseEntry, type StoredMessage } from "@baton/mesh";

/** What has been told, and what not yet. */
export interface JournalWatch {
  /** Tells about an entry that this process appended. */
  note(stored: StoredEntry): void;
  /** Reads entries that others appended since the last call. */
  catchUp(signal: AbortSignal): Promise<void>;
}

/** Opens a watch that has read nothing yet. */
export function openJournalWatch(
  mesh: Pick<Mesh, "nc" | "jsm">,
  tell: (stored: StoredEntry) => void,
): JournalWatch {
  /** Every entry up to here was told. */
  let through = 0;
  /** Told sequences above `through`; acknowledgements come in order, so they are few. */
  const above = new Set<number>();
  return {
    note: (stored) => {
      tell(stored);
      above.add(stored.sequence);
      while (above.delete(through + 1)) through += 1;
    },
    catchUp: async (signal) => {
      const { state } = await mesh.jsm.streams.info(STREAMS.journal.name);
      if (state.last_seq <= through) return;
      const done = new AbortController();
      await follow(mesh, {
        stream: "journal",
        from: through + 1,
        signal: AbortSignal.any([signal, done.signal]),
        onMessage: (message) => {
          const entry = readEntry(message);
          if (entry) tell({ sequence: message.seq, entry });
          if (message.seq > through) through = message.seq;
        },
        onCaughtUp: () => done.abort(),
      });
      for (const sequence of above) if (sequence <= through) above.delete(sequence);
    },
  };
}

/** An entry, or undefined for one that this release can't read or that is none: `baton doctor` lists those. */
function readEntry({ data, seq }: StoredMessage): Entry | undefined {
  try {
    return parseEntry(data, seq);
  } catch (error) {
    if (error instanceof JournalCorrupt) return undefined;
    throw error;
  }
}
