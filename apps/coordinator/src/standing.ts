/**
 * Where candidates stand that a lane has, or that wait for a lane's workers: what sweeps go through to catch what no message
 * announces. Memory only: whoever acts on it lets the core decide on the candidate's last entry.
 */
import { awaitedDispatch, isLane, type Lane, LANES, type StoredEntry } from "@baton/contracts";
import { instantMs, waitsForService, waitsForWorkers } from "@baton/playbook";

/** A candidate's dispatch. */
export interface Waiting {
  readonly candidateId: string;
  readonly dispatch: number;
}

/** What is known, by the latest entry noted of each candidate. */
export interface Whereabouts {
  note(stored: StoredEntry): void;
  /** Candidates whose deadline is over; again every half minute until an entry moves them. */
  takeDue(nowMs: number): string[];
  /** Lanes that have a candidate, or whose workers are waited for. */
  awaited(): Lane[];
  /**
   * Of the lane's dispatches that wait for workers, noted or since `untilMs` or longer, the oldest, and how many do; undefined if
   * there is none, or if people are asked about one of the lane. Again every half minute.
   */
  longestUnattended(
    lane: Lane,
    untilMs: number,
    nowMs: number,
  ): (Waiting & { readonly waiting: number }) | undefined;
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
  longestWaiting(
    lane: Lane,
    untilMs: number,
    nowMs: number,
  ): (Waiting & { readonly waiting: number }) | undefined;
  /** True if people are asked about one of the lane that waits for what is away. */
  isAskedAbout(lane: Lane): boolean;
  /** All that wait for what is away, asked about or not; again every half minute until an entry moves them. */
  takeWaiting(lane: Lane, nowMs: number): Waiting[];
  /** Candidates that are watched. */
  readonly size: number;
}

interface Place {
  n: number;
  lane: Lane;
  dispatch: number;
  sinceMs: number;
  /** Infinite while people are asked. */
  dueMs: number;
  /** It waits for its lane's workers: with its lane, or asked about. */
  unmanned: "waiting" | "asked" | undefined;
  /** It waits for what is away: with its lane, or asked about. */
  away: "waiting" | "asked" | undefined;
  /** Not looked at for workers before. */
  quietUntilMs: number;
}

const AGAIN_MS = 30_000;

/** Nothing is known at the beginning. */
export function openWhereabouts(): Whereabouts {
  const places = new Map<string, Place>();
  const take = (nowMs: number, wanted: (place: Place) => boolean): Waiting[] => {
    const taken: Waiting[] = [];
    for (const [candidateId, place] of places) {
      if (place.quietUntilMs > nowMs || !wanted(place)) continue;
      // Until an entry says otherwise it stays so: handling it may fail.
      place.quietUntilMs = nowMs + AGAIN_MS;
      taken.push({ candidateId, dispatch: place.dispatch });
    }
    return taken;
  };
  return {
    get size() {
      return places.size;
    },
    note: (stored) => {
      const { candidateId, n } = stored.entry;
      const known = places.get(candidateId);
      if (known && known.n > n) return;
      const place = placeOf(stored);
      if (!place) places.delete(candidateId);
      else if (known) Object.assign(known, place);
      else places.set(candidateId, place);
    },
    takeDue: (nowMs) => {
      const names: string[] = [];
      for (const [candidateId, place] of places) {
        if (place.dueMs > nowMs) continue;
        names.push(candidateId);
        place.dueMs = nowMs + AGAIN_MS;
      }
      return names;
    },
    awaited: () => {
      const lanes = new Set<Lane>();
      for (const { lane } of places.values()) {
        lanes.add(lane);
        if (lanes.size === LANES.length) break;
      }
      return [...lanes];
    },
    ...unmannedIn(places, take),
    ...outagesIn(places, take),
  };
}

function unmannedIn(
  places: ReadonlyMap<string, Place>,
  take: Take,
): Pick<Whereabouts, "longestUnattended" | "takeUnattended" | "takeUnmanned"> {
  const isUnattended = (one: Place, untilMs: number): boolean =>
    one.unmanned === undefined && one.away !== "asked" && one.sinceMs <= untilMs;
  return {
    longestUnattended: (lane, untilMs, nowMs) => {
      const ours = [...places.values()].filter((one) => one.lane === lane);
      if (ours.some(({ unmanned }) => unmanned === "asked")) return undefined;
      const waiting = ours.filter(
        (one) => one.unmanned === "waiting" || isUnattended(one, untilMs),
      );
      const [first] = waiting.toSorted((a, b) => a.dispatch - b.dispatch);
      const [taken] = take(nowMs, (place) => place === first);
      return taken && { ...taken, waiting: waiting.length };
    },
    takeUnattended: (lane, untilMs, nowMs) =>
      take(nowMs, (one) => one.lane === lane && isUnattended(one, untilMs)),
    takeUnmanned: (lane, nowMs) =>
      take(nowMs, (one) => one.lane === lane && one.unmanned !== undefined),
  };
}

type Take = (nowMs: number, wanted: (place: Place) => boolean) => Waiting[];

function outagesIn(
  places: ReadonlyMap<string, Place>,
  take: Take,
): Pick<Whereabouts, "waitingLanes" | "longestWaiting" | "isAskedAbout" | "takeWaiting"> {
  const among = (): Place[] => [...places.values()].filter(({ away }) => away !== undefined);
  const isAskedAbout = (lane: Lane): boolean =>
    among().some((one) => one.lane === lane && one.away === "asked");
  return {
    isAskedAbout,
    waitingLanes: () => [...new Set(among().map(({ lane }) => lane))],
    longestWaiting: (lane, untilMs, nowMs) => {
      const waiting = among().filter((one) => one.lane === lane);
      const [first] = waiting.toSorted((a, b) => a.sinceMs - b.sinceMs || a.dispatch - b.dispatch);
      if (!first || isAskedAbout(lane) || first.sinceMs > untilMs) return undefined;
      const [taken] = take(nowMs, (place) => place === first);
      return taken && { ...taken, waiting: waiting.length };
    },
    takeWaiting: (lane, nowMs) => take(nowMs, (one) => one.lane === lane && one.away !== undefined),
  };
}

function placeOf(stored: StoredEntry): Place | undefined {
  const { entry } = stored;
  const dispatch = awaitedDispatch(stored);
  if (dispatch === undefined || entry.deadline === null) return undefined;
  const about = { n: entry.n, dispatch, sinceMs: instantMs(entry.time), quietUntilMs: 0 };
  const away = waitsForService(entry) ? "waiting" : undefined;
  const dueMs = entry.holder === "review" ? Number.POSITIVE_INFINITY : instantMs(entry.deadline);
  const unmanned = waitsForWorkers(entry) ? "waiting" : undefined;
  if (isLane(entry.holder)) return { ...about, lane: entry.holder, dueMs, unmanned, away };
  if (entry.holder !== "review") return undefined;
  const { cause } = entry;
  if (cause.kind === "no-workers")
    return { ...about, lane: cause.lane, dueMs, unmanned: "asked", away };
  if (cause.kind === "service-away")
    return { ...about, lane: cause.lane, dueMs, unmanned, away: "asked" };
  return undefined;
}
