/**
 * Brings the open candidates up to date with the journal, a bounded piece at a time.
 *
 * T1: entries are folded in the journal's order, none twice; a read that breaks off goes on where it stopped.
 * T2: nothing is kept outside memory: a started process reads the journal from its beginning, as fast as it can.
 * T3: while the journal grows by more than `most` entries from one `advance` to the next, only `most` are folded, so that heavy
 *     traffic costs no more than it may; what is left is folded when the traffic eases.
 */
import { STREAMS } from "@baton/contracts";
import { follow, type Mesh } from "@baton/mesh";

import type { OpenCandidates } from "./open-candidates.ts";
import { readStanding } from "./read-standing.ts";

/** How far the fold has come. */
export interface JournalTail {
  /** Folds what was written since, within T3; resolves also when it stopped early. */
  advance(signal: AbortSignal): Promise<void>;
  /** Entries known to be in the journal and not folded yet. */
  readonly behind: number;
  /** True once the fold had reached the journal's end. */
  readonly caughtUp: boolean;
}

/** One read ends after this time at the latest: a lost consumer must not hold up the next. */
const READ_MS = 30_000;

/** Opens a tail that has read nothing. `onForeign` is told the sequence of what isn't an entry. */
export function openJournalTail(options: {
  readonly mesh: Pick<Mesh, "nc" | "jsm">;
  readonly candidates: OpenCandidates;
  readonly most: number;
  readonly onForeign: (sequence: number) => void;
}): JournalTail {
  const { mesh, candidates, most, onForeign } = options;
  let through = 0;
  let last = 0;
  let caughtUp = false;

  const fold = (message: { subject: string; data: Uint8Array; seq: number }): void => {
    if (message.seq <= through) return;
    through = message.seq;
    const standing = readStanding(message);
    if (standing) candidates.note(standing.candidateId, standing);
    else onForeign(message.seq);
  };
  return {
    get behind() {
      return Math.max(0, last - through);
    },
    get caughtUp() {
      return caughtUp;
    },
    advance: async (signal) => {
      const { state } = await mesh.jsm.streams.info(STREAMS.journal.name);
      const grown = state.last_seq - last;
      last = state.last_seq;
      if (last < through) {
        // The stream is another one: somebody made it anew.
        candidates.clear();
        through = 0;
      }
      if (last > through) {
        const until = caughtUp && grown > most ? Math.min(last, through + most) : last;
        await readUntil(mesh, { from: through + 1, until, signal, fold });
      }
      if (through >= last) caughtUp = true;
    },
  };
}

interface Reading {
  readonly from: number;
  readonly until: number;
  readonly signal: AbortSignal;
  readonly fold: (message: { subject: string; data: Uint8Array; seq: number }) => void;
}

async function readUntil(mesh: Pick<Mesh, "nc" | "jsm">, reading: Reading): Promise<void> {
  const { from, until, signal, fold } = reading;
  const done = new AbortController();
  await follow(mesh, {
    stream: "journal",
    from,
    signal: AbortSignal.any([signal, done.signal, AbortSignal.timeout(READ_MS)]),
    onMessage: (message) => {
      if (done.signal.aborted) return;
      fold(message);
      if (message.seq >= until) done.abort();
    },
    onCaughtUp: () => done.abort(),
  });
}
