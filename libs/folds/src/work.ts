/** How the work goes: how many open candidates stand where, and which reports the journal took, each with the dispatch it answered. */
import { AnyReason, CandidateId, type Entry, Holder, isDispatch, Stage } from "@baton/contracts";
import { z } from "zod";

import type { Fold } from "./fold.ts";

/** A dispatch, as far as what answers it needs it. */
const Dispatched = z.object({
  sequence: z.int().positive(),
  storedMs: z.number(),
  /** The stage before, and when its result was stored; null if no report led to the dispatch. */
  from: z.object({ stage: Stage, storedMs: z.number() }).nullable(),
});
type Dispatched = z.infer<typeof Dispatched>;

const TakenReport = z.object({
  /** In REPORTS. */
  sequence: z.int().positive(),
  attempt: z.int().positive(),
  candidateId: CandidateId,
  /** Stage that it is about. */
  stage: Stage,
  /** When it was stored, in milliseconds since 1970. */
  storedMs: z.number(),
  /** It was a failed attempt, and is tried again. */
  retried: z.boolean(),
  dispatch: Dispatched,
});

/** A report that an entry was decided on, and the dispatch that it answered. */
export type TakenReport = Readonly<z.infer<typeof TakenReport>>;

const Place = z.object({
  holder: Holder,
  stage: Stage,
  reason: AnyReason,
  candidates: z.int().min(0),
});

/** A place, with the number of candidates that stand there. */
export type Place = Readonly<z.infer<typeof Place>>;

const OpenCandidate = z.object({
  /** Key of where it stands. */
  place: z.string(),
  /** The last one. */
  dispatch: Dispatched.nullable(),
});

/** How the work goes. */
export interface Work {
  readonly open: Map<string, z.infer<typeof OpenCandidate>>;
  /** Every place that was ever taken, also those that are empty by now. */
  readonly places: Map<string, z.infer<typeof Place>>;
  /** Reports that were taken, in the journal's order; who has counted them takes them out. */
  readonly taken: TakenReport[];
}

const PackedWork = z.object({
  open: z.array(z.tuple([z.string(), OpenCandidate])),
  places: z.array(z.tuple([z.string(), Place])),
  taken: z.array(TakenReport),
});

/** The fold. */
export const work: Fold<Work> = {
  name: "work",
  version: 1,
  needs: "every",
  empty: () => ({ open: new Map(), places: new Map(), taken: [] }),
  apply: (state, { at, entry, sequence, storedMs }) => {
    if (!at || !entry) return state;
    const { open } = state;
    const { candidateId } = entry;
    const before = open.get(candidateId);
    const report = reportIn(entry);
    if (report && before?.dispatch)
      state.taken.push({ ...report, candidateId, dispatch: before.dispatch });
    if (before) count(state, before.place, -1);
    if (entry.holder === "closed") {
      open.delete(candidateId);
      return state;
    }
    const from = report ? { stage: report.stage, storedMs: report.storedMs } : null;
    const dispatch = isDispatch(entry) ? { sequence, storedMs, from } : (before?.dispatch ?? null);
    open.set(candidateId, { place: placeOf(state, entry), dispatch });
    return state;
  },
  pack: ({ open, places, taken }) => ({
    open: [...open].map(([candidateId, one]) => [candidateId, { ...one }]),
    places: [...places].map(([key, place]) => [key, { ...place }]),
    taken: [...taken],
  }),
  unpack: (packed) => {
    const { data } = PackedWork.safeParse(packed);
    return data && { open: new Map(data.open), places: new Map(data.places), taken: data.taken };
  },
};

function count({ places }: Work, key: string, change: number): void {
  const place = places.get(key);
  if (place) place.candidates += change;
}

/** Key of the entry's place, in which its candidate is counted from now on. */
function placeOf(state: Work, { holder, stage, reason }: Entry): string {
  const key = `${holder} ${stage} ${reason}`;
  if (!state.places.has(key)) state.places.set(key, { holder, stage, reason, candidates: 0 });
  count(state, key, 1);
  return key;
}

function reportIn({
  cause,
  awaits,
}: Entry): Omit<TakenReport, "candidateId" | "dispatch"> | undefined {
  if (cause.kind !== "report") return undefined;
  return {
    sequence: cause.sequence,
    attempt: cause.attempt,
    stage: cause.from,
    storedMs: Date.parse(cause.storedAt),
    // What was the stage run's result is awaited no more; a new dispatch awaits itself.
    retried: awaits !== null && awaits > 0,
  };
}
