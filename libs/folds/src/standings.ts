/** Where every candidate stands by the subject of its last message, closed ones too: for who lists them. Nothing is parsed. */
import { CandidateId, Holder, Stage } from "@baton/contracts";
import { z } from "zod";

import type { Fold } from "./fold.ts";

const Standing = z.object({
  candidateId: CandidateId,
  holder: Holder,
  stage: Stage,
  /** Of its last entry. */
  sequence: z.int().positive(),
});

/** A candidate by what its last subject says. */
export type Standing = Readonly<z.infer<typeof Standing>>;

const Foreign = z.object({ sequence: z.int().positive(), subject: z.string() });

/** All candidates, and what in JOURNAL no coordinator can have written. */
export interface Standings {
  readonly candidates: Map<string, Standing>;
  /** Messages without the fence, or under a subject that isn't a journal's. */
  readonly foreign: Readonly<z.infer<typeof Foreign>>[];
}

const PackedStandings = z.object({ candidates: z.array(Standing), foreign: z.array(Foreign) });

/** The fold. */
export const standings: Fold<Standings> = {
  name: "standings",
  version: 1,
  needs: "every",
  empty: () => ({ candidates: new Map(), foreign: [] }),
  apply: (state, { sequence, subject, at, fenced }) => {
    if (at && fenced) {
      const { candidateId, holder, stage } = at;
      state.candidates.set(candidateId, { candidateId, holder, stage, sequence });
    } else state.foreign.push({ sequence, subject });
    return state;
  },
  pack: ({ candidates, foreign }) => ({
    candidates: [...candidates.values()],
    foreign: [...foreign],
  }),
  unpack: (packed) => {
    const { data } = PackedStandings.safeParse(packed);
    if (!data) return undefined;
    const candidates = new Map(data.candidates.map((one) => [one.candidateId, one]));
    return { candidates, foreign: data.foreign };
  },
};
