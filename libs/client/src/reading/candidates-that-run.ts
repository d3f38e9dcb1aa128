/** Whose strategies may run, by the journal. */
import type { Entry } from "@baton/contracts";
import type { Standing } from "@baton/folds";

import type { Session } from "../session/session.ts";
import { readEntriesOf } from "./read-model.ts";
import type { Candidates } from "./read-running.ts";

/** Closed candidates that are looked at, the latest first; of older ones those that main still has. */
const MOST_CLOSED = 2000;

/** Of all candidates those that are open, those that were closed lately, and those that main has. */
export function candidatesThatRun(
  session: Pick<Session, "jsm">,
  standings: readonly Standing[],
): Candidates {
  return {
    known: new Set(standings.map(({ candidateId }) => candidateId)),
    entries: async (more): Promise<readonly Entry[]> => {
      const closed = standings
        .filter(({ holder }) => holder === "closed")
        .toSorted((a, b) => b.sequence - a.sequence)
        .filter(({ candidateId }, index) => index < MOST_CLOSED || more.has(candidateId));
      const open = standings.filter(({ holder }) => holder !== "closed");
      // What isn't an entry is told by who looks at the journal.
      const read = await readEntriesOf(session, [...open, ...closed], () => undefined);
      return read.map(({ entry }) => entry);
    },
  };
}
