/**
 * Which candidates have spans that weren't sent yet: decided from their entries, as they come by.
 *
 * U1: what the head sampler chose is sent; and whatever it chose, what fails, waits or is touched by a person, from its first
 *     entry on.
 * U2: bounded: of more candidates than there is room for, those that have waited longest are given up, and counted.
 */

/** An entry, as far as it matters here. */
export interface Noted {
  readonly candidateId: string;
  readonly sequence: number;
  readonly isSampled: boolean;
  /** Something failed, waits, or a person had a hand in it. */
  readonly isNotable: boolean;
  readonly isClosed: boolean;
  /** It is old enough to have been sent by whoever ran before. */
  readonly isOld: boolean;
}

/** A candidate with unsent spans. */
export interface Unsent {
  readonly candidateId: string;
  /** Spans that this entry or a later one completed. */
  readonly from: number;
  /** The last entry that is known. */
  readonly through: number;
  /** How often it couldn't be read or sent. */
  readonly tries: number;
}

/** The candidates whose spans are to be sent. */
export interface UnsentRuns {
  note(entry: Noted): void;
  /** Takes out the one that has waited longest; undefined if none waits. */
  take(): Unsent | undefined;
  /** What was taken couldn't be sent. */
  putBack(unsent: readonly Unsent[]): void;
  readonly waiting: number;
}

/** Open candidates that are remembered as notable; beyond that the oldest are forgotten, and sent as far as they were. */
const MAX_NOTABLE = 50_000;

/** Nothing is waiting. */
export function createUnsentRuns({
  room,
  onGivenUp,
}: {
  readonly room: number;
  readonly onGivenUp: (candidates: number) => void;
}): UnsentRuns {
  const unsent = new Map<string, Unsent>();
  const notable = new Set<string>();

  const add = (one: Unsent): void => {
    const known = unsent.get(one.candidateId);
    unsent.set(one.candidateId, {
      ...one,
      from: Math.min(one.from, known?.from ?? one.from),
      through: Math.max(one.through, known?.through ?? one.through),
    });
    const [oldest] = unsent.keys();
    if (unsent.size <= room || oldest === undefined) return;
    unsent.delete(oldest);
    onGivenUp(1);
  };
  return {
    note: ({ candidateId, sequence, isSampled, isNotable, isClosed, isOld }) => {
      const wasNotable = notable.has(candidateId);
      if (isNotable && !wasNotable && !isSampled) remember(notable, candidateId);
      if (isClosed) notable.delete(candidateId);
      if (isOld || !(isSampled || isNotable || wasNotable)) return;
      const from = isSampled || wasNotable ? sequence : 0;
      add({ candidateId, from, through: sequence, tries: 0 });
    },
    take: () => {
      const [oldest] = unsent.values();
      if (oldest) unsent.delete(oldest.candidateId);
      return oldest;
    },
    putBack: (back) => {
      for (const one of back) add({ ...one, tries: one.tries + 1 });
    },
    get waiting() {
      return unsent.size;
    },
  };
}

function remember(set: Set<string>, value: string): void {
  set.add(value);
  const [oldest] = set;
  if (set.size > MAX_NOTABLE && oldest !== undefined) set.delete(oldest);
}
