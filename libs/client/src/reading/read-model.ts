/**
 * Where every candidate stands, folded from the journal page by page: kept are what the subjects say, and then only the
 * entries that are shown.
 */
import type { Holder, Stage, TimedEntry } from "@baton/contracts";
import { parseJournalSubject, STREAMS } from "@baton/contracts";
import { JournalCorrupt, parseEntry } from "@baton/mesh";

import type { Session } from "../session/session.ts";
import { readAll } from "./read-candidate.ts";
import { orLost, type ReadingSession } from "./refuse-lost.ts";

/** A candidate by what its last subject says. */
export interface Standing {
  readonly candidateId: string;
  readonly holder: Holder;
  readonly stage: Stage;
  readonly sequence: number;
}

/** All candidates, and what in JOURNAL no coordinator can have written. */
export interface Standings {
  readonly candidates: readonly Standing[];
  /** Messages without the fence's header, or under a subject that isn't a journal's. */
  readonly foreign: readonly { readonly sequence: number; readonly subject: string }[];
}

/** A message that is no entry of this release. */
export interface Unreadable {
  readonly sequence: number;
  /** What goes on with `JOURNAL 5 …`. */
  readonly why: string;
  /** It's an entry of another release. */
  readonly otherRelease: boolean;
  /** That release is older than this one. */
  readonly olderRelease?: boolean;
  /** When it was stored, in milliseconds since 1970, and what its subject says; absent where that isn't a journal's. */
  readonly storedAt?: number;
  readonly standing?: Standing;
}

/** A coordinator's append carries it always, and the server keeps it. */
const FENCE_HEADER = "Nats-Expected-Last-Subject-Sequence";
/** Entries asked for at a time. */
const AT_A_TIME = 64;

/** Reads all subjects of the journal. */
export async function readStandings(session: ReadingSession): Promise<Standings> {
  const latest = new Map<string, Standing>();
  const foreign: { sequence: number; subject: string }[] = [];
  await orLost(session, () =>
    readAll(session, { stream: "journal" }, (message) => {
      const parts = parseJournalSubject(message.subject);
      if (!parts || !message.headers.has(FENCE_HEADER)) {
        foreign.push({ sequence: message.seq, subject: message.subject });
        return;
      }
      const { candidateId, holder, stage } = parts;
      latest.set(candidateId, { candidateId, holder, stage, sequence: message.seq });
    }),
  );
  return { candidates: [...latest.values()], foreign };
}

/** The entries of some standings, in their order. One that isn't an entry is left out; `onForeign` hears of it. */
export async function readEntriesOf(
  { jsm }: Pick<Session, "jsm">,
  standings: readonly Standing[],
  onForeign: (message: Unreadable) => void,
): Promise<TimedEntry[]> {
  const found: (TimedEntry | undefined)[] = [];
  const queue = standings.entries();
  const worker = async (): Promise<void> => {
    for (const [index, standing] of queue) {
      const { sequence } = standing;
      const message = await jsm.direct.getMessage(STREAMS.journal.name, { seq: sequence });
      if (!message) continue;
      try {
        const entry = parseEntry(message.data, sequence);
        found[index] = { sequence, storedAt: message.time.getTime(), entry };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const { otherRelease, olderRelease } =
          error instanceof JournalCorrupt ? error : { otherRelease: false, olderRelease: false };
        onForeign({
          sequence,
          why: why.replace(`JOURNAL ${sequence} `, ""),
          otherRelease,
          olderRelease,
          storedAt: message.time.getTime(),
          standing,
        });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, standings.length) }, worker));
  return found.filter((one) => one !== undefined);
}
