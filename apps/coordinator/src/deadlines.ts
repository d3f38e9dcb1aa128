/**
 * The sweep that catches what no message announces. It remembers when each candidate held by a lane is due; what this
 * process appended it knows at once, entries of other coordinators it reads from the journal now and then.
 *
 * S1: nothing here is state: after a restart it is read from the journal again.
 */
import { Entry, STREAMS, type StoredEntry } from "@baton/contracts";
import { follow, type Mesh } from "@baton/mesh";
import { instantMs } from "@baton/playbook";

/** Watches deadlines. */
export interface Deadlines {
  /** Takes note of an entry that this process appended. */
  note(stored: StoredEntry): void;
  /** Reads entries that others appended since the last call. */
  catchUp(signal: AbortSignal): Promise<void>;
  /** Candidates whose deadline is over; again every half minute until an entry moves them. */
  takeDue(nowMs: number): string[];
  /** Candidates that are watched. */
  readonly size: number;
}

const AGAIN_MS = 30_000;

/** Opens a watch that has read nothing yet. */
export function openDeadlines(mesh: Pick<Mesh, "js" | "jsm">): Deadlines {
  const due = new Map<string, { n: number; ms: number }>();
  /** Every entry up to here was noted. */
  let through = 0;
  /** Noted sequences above `through`; acknowledgements come in order, so they are few. */
  const above = new Set<number>();

  const note = ({ sequence, entry }: StoredEntry): void => {
    noteEntry(due, entry);
    above.add(sequence);
    while (above.delete(through + 1)) through += 1;
  };
  return {
    note,
    get size() {
      return due.size;
    },
    takeDue: (nowMs) => {
      const names: string[] = [];
      for (const [candidateId, watched] of due) {
        if (watched.ms > nowMs) continue;
        names.push(candidateId);
        // Until an entry says otherwise it stays due: handling it may fail.
        watched.ms = nowMs + AGAIN_MS;
      }
      return names;
    },
    catchUp: async (signal) => {
      const { state } = await mesh.jsm.streams.info(STREAMS.journal.name);
      if (state.last_seq <= through) return;
      const done = new AbortController();
      await follow(mesh.js, {
        stream: "journal",
        from: through + 1,
        signal: AbortSignal.any([signal, done.signal]),
        onMessage: (message) => {
          const entry = readEntry(message.data);
          if (entry) noteEntry(due, entry);
          if (message.seq > through) through = message.seq;
        },
        onCaughtUp: () => done.abort(),
      });
      for (const sequence of above) if (sequence <= through) above.delete(sequence);
    },
  };
}

function noteEntry(due: Map<string, { n: number; ms: number }>, entry: Entry): void {
  const known = due.get(entry.candidateId);
  if (known && known.n > entry.n) return;
  if (entry.deadline === null || entry.holder === "review" || entry.holder === "closed") {
    due.delete(entry.candidateId);
  } else {
    due.set(entry.candidateId, { n: entry.n, ms: instantMs(entry.deadline) });
  }
}

/** An entry, or undefined for a foreign message: `baton doctor` lists those. */
function readEntry(data: Uint8Array): Entry | undefined {
  try {
    return Entry.safeParse(JSON.parse(new TextDecoder().decode(data))).data;
  } catch {
    return undefined;
  }
}
