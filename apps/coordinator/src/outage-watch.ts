/**
 * Makes one question of an outage, and takes it back: by what the lanes say of themselves, not by what they reported once.
 *
 * W1: while candidates of a lane wait for what is away, the lane's processes are asked whether anything is. No answer is none that
 *     it's back.
 * W2: when the one that has waited longest has done so for `awayMs`, people are asked about it, unless they are about another one
 *     of the lane: one lane, one question. It ends as the first thing that shows that something is back: after it the others have
 *     `awayMs` anew to go on by themselves, and a minute at least: a lane tries again after a quarter of one.
 * W3: a lane that was at peace for `calmMs` has all again: its candidates stop waiting. A lane that only began anew takes as long
 *     to find again what is away.
 */
import type { Lane } from "@baton/contracts";
import type { Happening } from "@baton/playbook";
import type { Log } from "@baton/telemetry";

import type { SweepList } from "./sweep-list.ts";

/** What a watch works with. */
export interface OutageWatchParts {
  /** Asks the lanes' processes: true if any finds something away, undefined if none answers. */
  readonly ask: (lanes: readonly Lane[]) => Promise<ReadonlyMap<Lane, boolean | undefined>>;
  readonly standing: Pick<
    SweepList,
    "waitingLanes" | "longestWaiting" | "isAskedAbout" | "takeWaiting"
  >;
  readonly settle: (candidateId: string, happening: Happening) => Promise<unknown>;
  readonly log: Log;
  readonly awayMs: number;
  readonly calmMs: number;
}

const LEAST_ANEW_MS = 60_000;

/** Looks at the lanes. */
export interface OutageWatch {
  /** One look; returns when what follows is decided. */
  look(nowMs: number): Promise<void>;
}

/** Opens a watch. */
export function openOutageWatch(parts: OutageWatchParts): OutageWatch {
  const { ask, standing, settle, log, awayMs, calmMs } = parts;
  const calmSince = new Map<Lane, number>();
  const lastAsked = new Map<Lane, number>();
  const anewMs = Math.max(awayMs, LEAST_ANEW_MS);
  let looking = false;
  const told = (candidateId: string, happening: Happening): Promise<unknown> =>
    settle(candidateId, happening).catch((error: unknown) =>
      log.error({ candidateId, err: error }, "not handled; tried again later"),
    );
  const askPeople = async (lane: Lane, nowMs: number): Promise<void> => {
    if (standing.isAskedAbout(lane)) lastAsked.set(lane, nowMs);
    if (nowMs - (lastAsked.get(lane) ?? Number.NEGATIVE_INFINITY) < anewMs) return;
    const found = standing.longestWaiting(lane, nowMs - awayMs, nowMs);
    if (!found) return;
    const { candidateId, dispatch, waiting } = found;
    log.warn({ lane, candidateId, waiting }, "what the lane works with is away for long");
    await told(candidateId, { kind: "service-away", dispatch, lane, waiting });
  };
  const goOn = async (lane: Lane, nowMs: number): Promise<void> => {
    // A part at a time: the rest is taken at the next look.
    const waiting = standing.takeWaiting(lane, nowMs);
    log.info({ lane, waiting: waiting.length }, "the lane has what it works with again");
    for (const { candidateId, dispatch } of waiting)
      // oxlint-disable-next-line no-await-in-loop -- one after the other is fast enough, and bounded
      await told(candidateId, { kind: "workers-back", dispatch, lane });
  };
  const lookAt = (lane: Lane, away: boolean | undefined, nowMs: number): Promise<void> => {
    if (away !== false) {
      calmSince.delete(lane);
      return askPeople(lane, nowMs);
    }
    const since = calmSince.get(lane) ?? nowMs;
    calmSince.set(lane, since);
    return nowMs - since >= calmMs ? goOn(lane, nowMs) : Promise.resolve();
  };
  return {
    look: async (nowMs) => {
      const lanes = standing.waitingLanes();
      for (const lane of calmSince.keys()) if (!lanes.includes(lane)) calmSince.delete(lane);
      if (looking || lanes.length === 0) return;
      looking = true;
      try {
        const answers = await ask(lanes);
        await Promise.all(lanes.map((lane) => lookAt(lane, answers.get(lane), nowMs)));
      } catch (error) {
        log.debug({ err: error }, "couldn't ask the lanes what is away");
      } finally {
        looking = false;
      }
    },
  };
}
