/** Where every candidate stands, by the subjects of the journal, and then only the entries that are shown. */
import { setTimeout as delay } from "node:timers/promises";

import { STREAMS, type TimedEntry } from "@baton/contracts";
import { type Standing, standings } from "@baton/folds";
import { foldJournal, JournalCorrupt, parseEntry } from "@baton/mesh";

import type { Session } from "../session/session.ts";
import { SILENT_MS, wentSilent } from "./read-candidate.ts";
import { orLost, type ReadingSession } from "./refuse-lost.ts";

/** All candidates, and what in JOURNAL no coordinator can have written. */
export interface ReadStandings {
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

/** Entries asked for at a time. */
const AT_A_TIME = 64;

/** A replica that lags has so long for the rest. */
const LAGS_MS = 5000;
const LOOK_MS = 50;

/** Reads all subjects of the journal. */
export async function readStandings(session: ReadingSession): Promise<ReadStandings> {
  const journal = foldJournal(session, standings, { silentMs: SILENT_MS });
  const { signal } = new AbortController();
  await orLost(session, async () => {
    for (let looks = 0; ; looks += 1) {
      const askedMs = Date.now();
      if (await journal.advance(signal)) return;
      if (Date.now() - askedMs >= SILENT_MS || looks * LOOK_MS > LAGS_MS)
        throw wentSilent("journal");
      await delay(LOOK_MS);
    }
  });
  const { candidates, foreign } = journal.state;
  return { candidates: [...candidates.values()], foreign };
}

/** The entries of some standings, in their order. One that isn't an entry is left out; `onForeign` hears of it. */
export async function readEntriesOf(
  { jsm }: Pick<Session, "jsm">,
  some: readonly Standing[],
  onForeign: (message: Unreadable) => void,
): Promise<TimedEntry[]> {
  const found: (TimedEntry | undefined)[] = [];
  const queue = some.entries();
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
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, some.length) }, worker));
  return found.filter((one) => one !== undefined);
}
