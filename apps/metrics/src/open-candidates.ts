/**
 * Where every open candidate stands, folded from its journal entries. Memory: one map entry per open candidate; a closed one is
 * forgotten.
 */
import type { Holder, AnyReason, Stage } from "@baton/contracts";

/** Where a candidate stands. */
export interface CandidatePlace {
  readonly holder: Holder;
  readonly stage: Stage;
  readonly reason: AnyReason;
}

/** A place with the number of candidates that stand there. */
interface Place extends CandidatePlace {
  readonly candidates: number;
}

/** The open candidates. */
export interface OpenCandidates {
  /** Takes note of a candidate's next entry; call it in the journal's order. */
  note(candidateId: string, standing: CandidatePlace): void;
  /** Every place that was ever taken, also those that are empty by now. */
  places(): Iterable<Place>;
  readonly size: number;
}

/** Nobody is open. */
export function createOpenCandidates(): OpenCandidates {
  const standing = new Map<string, Place & { candidates: number }>();
  const places = new Map<string, Place & { candidates: number }>();

  const placeOf = ({ holder, stage, reason }: CandidatePlace): Place & { candidates: number } => {
    const key = `${holder} ${stage} ${reason}`;
    const known = places.get(key);
    if (known) return known;
    const place = { holder, stage, reason, candidates: 0 };
    places.set(key, place);
    return place;
  };
  return {
    note: (candidateId, now) => {
      const before = standing.get(candidateId);
      if (before) before.candidates -= 1;
      if (now.holder === "closed") {
        standing.delete(candidateId);
        return;
      }
      const place = placeOf(now);
      place.candidates += 1;
      standing.set(candidateId, place);
    },
    places: () => places.values(),
    get size() {
      return standing.size;
    },
  };
}
