/**
 * Candidates that a lane has, or that wait for a lane's workers: what sweeps go through to catch what no message announces. By what
 * is known of the journal: whoever acts on it lets the core decide on the candidate's last entry.
 */
import { type Lane, LANES } from "@baton/contracts";
import type { Whereabout, Whereabouts } from "@baton/folds";

/** A candidate's dispatch. */
export interface Waiting {
  readonly candidateId: string;
  readonly dispatch: number;
}

/** The one that has waited longest, and how many do. */
interface LongestWaiting extends Waiting {
  readonly waiting: number;
}

/** What sweeps ask. */
export interface SweepList {
  /** Candidates whose deadline is over; again every half minute until an entry moves them. */
  takeDue(nowMs: number): string[];
  /** Lanes that have a candidate, or whose workers are waited for. */
  awaited(): Lane[];
  /**
   * Of the lane's dispatches that wait for workers, noted or since `untilMs` or longer, the oldest, and how many do; undefined if
   * there is none, or if people are asked about one of the lane. Again every half minute.
   */
  longestUnattended(lane: Lane, untilMs: number, nowMs: number): LongestWaiting | undefined;
  /** Dispatches that the lane has had since `untilMs` or longer, unnoted; again every half minute until an entry moves them. */
  takeUnattended(lane: Lane, untilMs: number, nowMs: number): Waiting[];
  /** Dispatches that wait because the lane has no workers, noted or asked about; again every half minute. */
  takeUnmanned(lane: Lane, nowMs: number): Waiting[];
  /** Lanes that have candidates waiting for what is away, asked about or not. */
  waitingLanes(): Lane[];
  /**
   * The one that has waited longest, since `untilMs` or longer, and how many do; undefined if there is none, or if one of the lane is
   * asked about. Again every half minute.
   */
  longestWaiting(lane: Lane, untilMs: number, nowMs: number): LongestWaiting | undefined;
  /** True if people are asked about one of the lane that waits for what is away. */
  isAskedAbout(lane: Lane): boolean;
  /** All that wait for what is away, asked about or not; again every half minute until an entry moves them. */
  takeWaiting(lane: Lane, nowMs: number): Waiting[];
}

type Awaited = NonNullable<Whereabout["awaited"]>;

/** A candidate whose dispatch is awaited; `n`: of its last entry. */
interface Place extends Awaited {
  readonly candidateId: string;
  readonly n: number;
}

type Take = (nowMs: number, wanted: (place: Place) => boolean) => Waiting[];

/** Opens it. */
export function openSweepList(known: { readonly whereabouts: Whereabouts }): SweepList {
  const places = function* (): Generator<Place> {
    for (const [candidateId, { n, awaited }] of known.whereabouts)
      if (awaited) yield { ...awaited, candidateId, n };
  };
  const take = takerOf(places);
  const takeOverdue = takerOf(places);
  return {
    takeDue: (nowMs) =>
      takeOverdue(nowMs, ({ dueMs }) => dueMs !== null && dueMs <= nowMs).map(
        ({ candidateId }) => candidateId,
      ),
    awaited: () => {
      const lanes = new Set<Lane>();
      for (const { lane } of places()) {
        lanes.add(lane);
        if (lanes.size === LANES.length) break;
      }
      return [...lanes];
    },
    ...unmannedIn(places, take),
    ...outagesIn(places, take),
  };
}

const AGAIN_MS = 30_000;

/** Takes those wanted, none again for half a minute until an entry moves it: it stays so, and handling it may fail. */
function takerOf(places: () => Iterable<Place>): Take {
  const taken = new Map<string, { readonly n: number; readonly untilMs: number }>();
  const isQuiet = ({ candidateId, n }: Place, nowMs: number): boolean => {
    const last = taken.get(candidateId);
    return last !== undefined && last.n === n && last.untilMs > nowMs;
  };
  return (nowMs, wanted) => {
    for (const [candidateId, { untilMs }] of taken) if (untilMs <= nowMs) taken.delete(candidateId);
    const found: Waiting[] = [];
    for (const place of places()) {
      if (isQuiet(place, nowMs) || !wanted(place)) continue;
      const { candidateId, n, dispatch } = place;
      taken.set(candidateId, { n, untilMs: nowMs + AGAIN_MS });
      found.push({ candidateId, dispatch });
    }
    return found;
  };
}

function unmannedIn(
  places: () => Iterable<Place>,
  take: Take,
): Pick<SweepList, "longestUnattended" | "takeUnattended" | "takeUnmanned"> {
  const isUnattended = (one: Place, untilMs: number): boolean =>
    one.unmanned === null && one.away !== "asked" && one.sinceMs <= untilMs;
  return {
    longestUnattended: (lane, untilMs, nowMs) => {
      const ours = [...places()].filter((one) => one.lane === lane);
      if (ours.some(({ unmanned }) => unmanned === "asked")) return undefined;
      const waiting = ours.filter(
        (one) => one.unmanned === "waiting" || isUnattended(one, untilMs),
      );
      const [first] = waiting.toSorted((a, b) => a.dispatch - b.dispatch);
      const [taken] = take(nowMs, ({ candidateId }) => candidateId === first?.candidateId);
      return taken && { ...taken, waiting: waiting.length };
    },
    takeUnattended: (lane, untilMs, nowMs) =>
      take(nowMs, (one) => one.lane === lane && isUnattended(one, untilMs)),
    takeUnmanned: (lane, nowMs) => take(nowMs, (one) => one.lane === lane && one.unmanned !== null),
  };
}

function outagesIn(
  places: () => Iterable<Place>,
  take: Take,
): Pick<SweepList, "waitingLanes" | "longestWaiting" | "isAskedAbout" | "takeWaiting"> {
  const among = (): Place[] => [...places()].filter(({ away }) => away !== null);
  const isAskedAbout = (lane: Lane): boolean =>
    among().some((one) => one.lane === lane && one.away === "asked");
  return {
    isAskedAbout,
    waitingLanes: () => [...new Set(among().map(({ lane }) => lane))],
    longestWaiting: (lane, untilMs, nowMs) => {
      const waiting = among().filter((one) => one.lane === lane);
      const [first] = waiting.toSorted((a, b) => a.sinceMs - b.sinceMs || a.dispatch - b.dispatch);
      if (!first || isAskedAbout(lane) || first.sinceMs > untilMs) return undefined;
      const [taken] = take(nowMs, ({ candidateId }) => candidateId === first.candidateId);
      return taken && { ...taken, waiting: waiting.length };
    },
    takeWaiting: (lane, nowMs) => take(nowMs, (one) => one.lane === lane && one.away !== null),
  };
}
