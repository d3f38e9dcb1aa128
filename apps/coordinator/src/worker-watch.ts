/**
 * Notices lanes that nobody works for, by what the server knows of their durable consumers.
 *
 * V1: a sign of life is a pull that waits at the server, or any activity of the consumer since the last look: a delivery, an
 *     acknowledgement, or a busy lane's "working", which the server counts as activity too. (Seen on server 2.15.)
 * V2: nothing is asked about a lane that no candidate waits for, and what can't be asked counts as a sign of life.
 * V3: one lane, one question: about the candidate that has waited longest; of the others it is noted that they wait. Once it is
 *     answered otherwise than by workers, the next one is asked about.
 * V4: any number of coordinators may watch; the core makes one question of what they see.
 */
import type { Lane } from "@baton/contracts";
import type { Happening } from "@baton/playbook";
import type { Log } from "@baton/telemetry";

import type { SweepList, Waiting } from "./sweep-list.ts";

/** The part of a consumer's info that tells of workers, in the server's words. */
interface ConsumerSigns {
  readonly num_waiting: number;
  readonly num_ack_pending: number;
  /** With the time of the last activity. */
  readonly delivered: object;
  readonly ack_floor: object;
}

/** What a watch works with. */
export interface WorkerWatchParts {
  /** Asks the server about the lane's durable consumer. */
  readonly ask: (lane: Lane) => Promise<ConsumerSigns>;
  readonly standing: Pick<
    SweepList,
    "awaited" | "longestUnattended" | "takeUnattended" | "takeUnmanned"
  >;
  readonly settle: (candidateId: string, happening: Happening) => Promise<unknown>;
  readonly log: Log;
  /** Silence that counts. */
  readonly noWorkersMs: number;
  /** A lane that holds something says so every third of it. */
  readonly ackWaitMs: number;
}

/** Looks at the lanes. */
export interface WorkerWatch {
  /** One look at every lane that candidates wait for; returns when what follows is decided. */
  look(nowMs: number): Promise<void>;
}

interface Seen {
  /** When the lane last gave a sign of life, as far as is known here. */
  aliveMs: number;
  activity: string;
}

/** Decided at a time. */
const AT_ONCE = 32;

/** Opens a watch; a lane is given `noWorkersMs` from the first look at it. */
export function openWorkerWatch(parts: WorkerWatchParts): WorkerWatch {
  const seen = new Map<Lane, Seen>();
  let looking = false;
  const lookAt = async (lane: Lane, nowMs: number): Promise<void> => {
    const signs = await signsOf(parts, lane);
    const before = seen.get(lane);
    if (!signs) {
      seen.delete(lane);
      return;
    }
    const isAlive = signs.pulls > 0 || (before && signs.activity !== before.activity);
    if (isAlive === true || !before) {
      seen.set(lane, { aliveMs: nowMs, activity: signs.activity });
      if (isAlive === true) await tellBack(parts, lane, nowMs);
      return;
    }
    // A lane whose places are all taken pulls nothing; it's heard of only by its heartbeats.
    const patienceMs =
      signs.held > 0 ? Math.max(parts.noWorkersMs, parts.ackWaitMs) : parts.noWorkersMs;
    if (nowMs - before.aliveMs >= patienceMs)
      await tellGone(parts, { lane, sinceMs: before.aliveMs, untilMs: nowMs - patienceMs, nowMs });
  };
  return {
    look: async (nowMs) => {
      if (looking) return;
      looking = true;
      try {
        const lanes = parts.standing.awaited();
        for (const lane of seen.keys()) if (!lanes.includes(lane)) seen.delete(lane);
        await Promise.all(lanes.map((lane) => lookAt(lane, nowMs)));
      } finally {
        looking = false;
      }
    },
  };
}

async function signsOf(
  { ask, log }: WorkerWatchParts,
  lane: Lane,
): Promise<{ pulls: number; held: number; activity: string } | undefined> {
  try {
    const { num_waiting: pulls, num_ack_pending: held, ...rest } = await ask(lane);
    return { pulls, held, activity: JSON.stringify([rest.delivered, rest.ack_floor]) };
  } catch (error) {
    log.debug({ err: error, lane }, "couldn't look for the lane's workers");
    return undefined;
  }
}

async function tellGone(
  parts: WorkerWatchParts,
  on: { lane: Lane; sinceMs: number; untilMs: number; nowMs: number },
): Promise<void> {
  const { lane, untilMs, nowMs } = on;
  const { standing, log } = parts;
  const since = new Date(on.sinceMs).toISOString();
  const first = standing.longestUnattended(lane, untilMs, nowMs);
  if (first) {
    const { candidateId, waiting } = first;
    log.warn({ lane, since, candidateId, waiting }, "nobody works for the lane");
    await settleAll(parts, [first], ({ dispatch }) => {
      return { kind: "no-workers", dispatch, lane, since, waiting };
    });
  }
  const others = standing.takeUnattended(lane, untilMs, nowMs);
  if (others.length === 0) return;
  log.info({ lane, since, waiting: others.length }, "candidates wait for the lane's workers");
  await settleAll(parts, others, ({ dispatch }) => {
    return { kind: "no-workers", dispatch, lane, since, noted: true };
  });
}

async function tellBack(parts: WorkerWatchParts, lane: Lane, nowMs: number): Promise<void> {
  const waiting = parts.standing.takeUnmanned(lane, nowMs);
  if (waiting.length === 0) return;
  parts.log.info({ lane, waiting: waiting.length }, "the lane has workers again");
  await settleAll(parts, waiting, ({ dispatch }) => ({ kind: "workers-back", dispatch, lane }));
}

async function settleAll(
  { settle, log }: WorkerWatchParts,
  all: readonly Waiting[],
  happeningOf: (one: Waiting) => Happening,
): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE) {
    await Promise.all(
      all
        .slice(from, from + AT_ONCE)
        .map((one) =>
          settle(one.candidateId, happeningOf(one)).catch((error: unknown) =>
            log.error(
              { candidateId: one.candidateId, err: error },
              "not handled; tried again later",
            ),
          ),
        ),
    );
  }
}
