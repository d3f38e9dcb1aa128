/**
 * Where candidates stand that a lane has, or that wait for a lane's workers: what sweeps go through to catch what no message
 * announces. Memory only: whoever acts on it lets the core decide on the candidate's last entry.
 */
import { awaitedDispatch, type Lane, LANES, type StoredEntry } from "@baton/contracts";
import { instantMs } from "@baton/playbook";

/** A candidate's dispatch. */
export interface Waiting {
  readonly candidateId: string;
  readonly dispatch: number;
}

/** What is known, by the latest entry noted of each candidate. */
export interface Standing {
  note(stored: StoredEntry): void;
  /** Candidates whose deadline is over; again every half minute until an entry moves them. */
  takeDue(nowMs: number): string[];
  /** Lanes that have a candidate, or whose workers are waited for. */
  awaited(): Lane[];
  /** Dispatches that the lane has had since `untilMs` or longer; again every half minute until an entry moves them. */
  takeUnattended(lane: Lane, untilMs: number, nowMs: number): Waiting[];
  /** Dispatches about which people were asked because the lane has no workers; again every half minute. */
  takeUnmanned(lane: Lane, nowMs: number): Waiting[];
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
  /** Its lane's workers are waited for. */
  unmanned: boolean;
  /** Not looked at for workers before. */
  quietUntilMs: number;
}

const AGAIN_MS = 30_000;

/** Nothing is known at the beginning. */
export function openStanding(): Standing {
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
    takeUnattended: (lane, untilMs, nowMs) =>
      take(nowMs, (one) => one.lane === lane && !one.unmanned && one.sinceMs <= untilMs),
    takeUnmanned: (lane, nowMs) => take(nowMs, (one) => one.lane === lane && one.unmanned),
  };
}

function placeOf(stored: StoredEntry): Place | undefined {
  const { entry } = stored;
  const dispatch = awaitedDispatch(stored);
  if (dispatch === undefined || entry.deadline === null || entry.holder === "closed")
    return undefined;
  const about = { n: entry.n, dispatch, sinceMs: instantMs(entry.time), quietUntilMs: 0 };
  if (entry.holder !== "review")
    return { ...about, lane: entry.holder, dueMs: instantMs(entry.deadline), unmanned: false };
  if (entry.cause.kind !== "no-workers") return undefined;
  return { ...about, lane: entry.cause.lane, dueMs: Number.POSITIVE_INFINITY, unmanned: true };
}
