import { setTimeout as delay } from "node:timers/promises";

import type { Failure, Outcome } from "@baton/contracts";
import { isOutage } from "@baton/playbook";
/**
 * Weather: what all candidates of a lane work with is away (`isOutage`). There is nothing to decide about a candidate, so it isn't
 * put to a person for each: it stays where it is, and goes on by itself.
 *
 * O1: such a failure doesn't end the attempt and uses up no retry: the stage's work is tried again after a pause that doubles up to
 *     `OUTAGE_PAUSE_MS.longest`, however long it takes: each try has the stage's full time anew. A stage without a deadline doesn't
 *     wait.
 * O2: who waits lends its place to other work of the lane, and at most as many as the lane has places try again at a time.
 * O3: it is told once for the lane: in the log when it goes and when it is back, and as the lane's readiness in between.
 * O4: an urgent stage doesn't wait: a person may have to do by other ways what it can't.
 * O5: the coordinator hears of it once per delivery, by a report that the attempt waits: after `TELL_AFTER_MS`, or when half of the
 *     stage's time would be over at the next try, so that the stage's deadline doesn't pass meanwhile. What people are asked then is asked once per lane.
 */
import { counted } from "@baton/text/counted";

import { type Attempt, iso, type LaneRuntime, type RunningAttempts } from "./attempt.ts";
import type { LaneDefinition } from "./define-lane.ts";

/** Pauses between two tries in milliseconds; each is twice the one before. */
export const OUTAGE_PAUSE_MS = { first: 1000, longest: 15_000 } as const;
/** An outage that is over sooner isn't worth a note in the journal. */
const TELL_AFTER_MS = 60_000;
/** What was away counts as away until it is tried again and has had the time that one Git command may take. */
const STILL_AWAY_MS = OUTAGE_PAUSE_MS.longest + 60_000;
/** Most places that are lent at a time: each dispatch that is held is looked after at every heartbeat. */
const MAX_LENT = 1000;

/** What an attempt waits for. */
export interface Away {
  readonly failure: Failure;
  /** When it was found away first, and last; milliseconds since 1970. */
  readonly sinceMs: number;
  readonly seenMs: number;
}

/** What is away for one lane. */
export class Outages {
  readonly #definition: LaneDefinition;
  readonly #runtime: LaneRuntime;
  readonly #running: RunningAttempts;
  readonly #widen: (by: number) => void;
  readonly #tell: (attempt: Attempt, failure: Failure) => Promise<void>;
  readonly #told = new Set<string>();
  #lent = 0;
  #trying = 0;

  /** `widen` makes room at the intake, `tell` reports that an attempt waits (O5). */
  constructor(
    of: { definition: LaneDefinition; runtime: LaneRuntime; running: RunningAttempts },
    means: {
      widen: (by: number) => void;
      tell: (attempt: Attempt, failure: Failure) => Promise<void>;
    },
  ) {
    this.#definition = of.definition;
    this.#runtime = of.runtime;
    this.#running = of.running;
    this.#widen = means.widen;
    this.#tell = means.tell;
  }

  /** Does `work` again and again while something is away (O1, O2); its last outcome. */
  async through(attempt: Attempt, work: () => Promise<Outcome>): Promise<Outcome> {
    let outcome = await work();
    let pauseMs: number = OUTAGE_PAUSE_MS.first;
    while (await this.#waited(attempt, outcome, pauseMs)) {
      this.#trying += 1;
      try {
        outcome = await work();
      } finally {
        this.#trying -= 1;
      }
      pauseMs = Math.min(2 * pauseMs, OUTAGE_PAUSE_MS.longest);
    }
    attempt.away = undefined;
    this.#tellWhatIsBack();
    return outcome;
  }

  /** What is away, in words; undefined if nothing is (O3). */
  trouble(): string | undefined {
    const waiting = this.#waiting();
    const codes = [...new Set(waiting.map(({ failure }) => failure.code))];
    const parts = codes.map((code) => {
      const alike = waiting.filter(({ failure }) => failure.code === code);
      const since = iso(Math.min(...alike.map(({ sinceMs }) => sinceMs)));
      const { message = "", action = "" } = alike.at(-1)?.failure ?? {};
      return `${code} since ${since}: ${message}. ${waitingInWords(alike.length)} when it is back. ${action}`;
    });
    return parts.length === 0 ? undefined : parts.join("; ");
  }

  #waiting(): Away[] {
    const now = Date.now();
    return [...this.#running].flatMap(({ away }) =>
      away !== undefined && now - away.seenMs < STILL_AWAY_MS ? [away] : [],
    );
  }

  /** False if the outcome stands. */
  async #waited(attempt: Attempt, outcome: Outcome, fullMs: number): Promise<boolean> {
    if (outcome.kind === "done" || !isOutage(outcome.failure)) return false;
    if (this.#definition.urgent?.includes(attempt.dispatch.entry.stage) === true) return false;
    if (attempt.reason !== undefined || !Number.isFinite(attempt.deadlineMs)) return false;
    const { failure } = outcome;
    const now = Date.now();
    attempt.away = { failure, sinceMs: attempt.away?.sinceMs ?? now, seenMs: now };
    attempt.step = `waits until it is back: ${failure.code}`;
    this.#tellWhatIsAway(failure);
    const { retryScale, jitter, capacity } = this.#runtime;
    // Not all at the same moment.
    const pauseMs = fullMs * retryScale * (0.5 + jitter() / 2);
    this.#report(attempt, attempt.away, pauseMs);
    const { signal } = attempt.controller();
    const lends = this.#lent < MAX_LENT;
    attempt.resting = true;
    if (lends) this.#lend(1);
    try {
      do {
        await delay(pauseMs, undefined, { signal });
      } while (this.#trying >= capacity);
      return true;
    } catch {
      // Aborted: whoever did it said why.
      return false;
    } finally {
      if (lends) this.#lend(-1);
      attempt.resting = false;
      attempt.progressMs = Date.now();
      attempt.deadlineMs = Math.max(attempt.deadlineMs, Date.now() + fullTimeMs(attempt));
    }
  }

  /** O5. Whoever can't be told now is told with the next try. */
  #report(attempt: Attempt, { failure, sinceMs, seenMs }: Away, pauseMs: number): void {
    const leftMs = Date.parse(attempt.dispatch.entry.deadline ?? "") - seenMs - pauseMs;
    const isDue = seenMs - sinceMs >= TELL_AFTER_MS || leftMs <= fullTimeMs(attempt) / 2;
    if (attempt.toldAway || !isDue) return;
    attempt.toldAway = true;
    this.#tell(attempt, failure).catch((error: unknown) => {
      attempt.toldAway = false;
      this.#runtime.log.debug({ err: error }, "couldn't report that an attempt waits");
    });
  }

  #lend(by: number): void {
    this.#lent += by;
    this.#widen(by);
  }

  #tellWhatIsAway({ code, message, action }: Failure): void {
    if (this.#told.has(code)) return;
    this.#told.add(code);
    this.#runtime.log.warn(
      { reason: code },
      `away: ${message}; who needs it waits and goes on by itself. ${action}`,
    );
  }

  #tellWhatIsBack(): void {
    if (this.#told.size === 0) return;
    const away = new Set(this.#waiting().map(({ failure }) => failure.code));
    for (const code of this.#told) {
      if (away.has(code)) continue;
      this.#told.delete(code);
      this.#runtime.log.info({ reason: code }, "nobody waits any more for what was away");
    }
  }
}

/** What the stage is given, in milliseconds. */
export function fullTimeMs({ dispatch: { entry } }: Attempt): number {
  return Date.parse(entry.deadline ?? entry.time) - Date.parse(entry.time);
}

function waitingInWords(count: number): string {
  return counted(
    count,
    "candidate waits and goes on by itself",
    "candidates wait and go on by themselves",
  );
}
