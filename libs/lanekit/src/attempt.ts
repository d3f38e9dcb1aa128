/** What one attempt is while it runs, and the words for it. */
import type { WorkDone } from "@baton/contracts";
import type { Log, Tracer } from "@baton/telemetry";

import type { LaneDefinition } from "./define-lane.ts";
import type { Away, Outages } from "./outage.ts";
import type { ArtifactStore, Dispatch, Inbox, JournalReader, ReportStore } from "./ports.ts";

/** What a lane runs with. */
export interface LaneRuntime {
  readonly inbox: Inbox;
  readonly reports: ReportStore;
  readonly journal: JournalReader;
  readonly artifacts: ArtifactStore;
  readonly log: Log;
  readonly tracer: Tracer;
  readonly signal: AbortSignal;
  /** Dispatches worked on at a time. */
  readonly capacity: number;
  /** A third of the durable's ack wait. */
  readonly heartbeatMs: number;
  /** Factor on retry delays: 1 in production, less in a demonstration. */
  readonly retryScale: number;
  /** A number in [0, 1) per retry: Math.random in production ("full jitter"), a constant for a reproducible run. */
  readonly jitter: () => number;
  /** How long shutdown waits for work to hand back. */
  readonly graceMs: number;
}

/** What a lane is doing right now. */
export interface RunningAttempt {
  readonly candidateId: string;
  readonly stage: string;
  readonly runId: string;
  readonly attempt: number;
  readonly startedAt: string;
  readonly step: string;
  /** The progress watermark: when the stage last said that work goes on. */
  readonly progressAt: string;
  /** When it is aborted as stalled unless the watermark moves; null where the playbook asks for no progress. */
  readonly progressDueAt: string | null;
  /** When it is aborted in any case. */
  readonly deadline: string | null;
}

/** Why an attempt was aborted. */
export type AbortReason = "stopping" | "deadline" | "stalled" | "superseded";

/** A running attempt. */
export interface Attempt {
  readonly dispatch: Dispatch;
  /** Made on first use. */
  readonly controller: () => AbortController;
  readonly startedMs: number;
  /** Infinite if it has none. Moves when the coordinator gives the stage more time. */
  deadlineMs: number;
  reason: AbortReason | undefined;
  heardMs: number;
  step: string;
  progressMs: number;
  /** What it has found away, and hasn't got past since. */
  away: Away | undefined;
  /** True once the coordinator was told that it waits. */
  toldAway: boolean;
  /** True while it only waits for that: nobody expects progress of it. */
  resting: boolean;
  /** Stops waiting for the stage's work; set while it runs. */
  giveUp: (() => void) | undefined;
  /** Deliveries of it before this one that ended without a word: nothing of them is in the journal. */
  unanswered: number;
  /** What a program from outside did for it, once it has. */
  work: WorkDone | undefined;
  /** What such programs have spent on this stage run before, as far as the journal knows. */
  reported: WorkDone["sum"] | undefined;
  /** Its index among the running. */
  place: number;
}

/**
 * The attempts that run, in no order. Not a Map: what goes through one thousands of times a second grows old in the heap with
 * it, because a table left behind keeps alive the next one and all that it held.
 */
export class RunningAttempts implements Iterable<Attempt> {
  readonly #attempts: Attempt[] = [];

  add(attempt: Attempt): void {
    attempt.place = this.#attempts.push(attempt) - 1;
  }

  /** The last one takes its place. */
  remove(attempt: Attempt): void {
    const last = this.#attempts.pop();
    if (last === undefined || last === attempt) return;
    this.#attempts[attempt.place] = last;
    last.place = attempt.place;
  }

  /** Those that run now. */
  [Symbol.iterator](): Iterator<Attempt> {
    return [...this.#attempts].values();
  }
}

/** An attempt's surroundings. */
export interface Job {
  readonly definition: LaneDefinition;
  readonly runtime: LaneRuntime;
  readonly running: RunningAttempts;
  readonly outages: Outages;
  readonly dispatch: Dispatch;
}

/** For people. */
export function describe(attempt: Attempt): RunningAttempt {
  const { dispatch, startedMs, step, progressMs, deadlineMs } = attempt;
  const { candidateId, stage, runId, rule } = dispatch.entry;
  const dueMs = progressMs + (rule?.progressMs ?? Number.POSITIVE_INFINITY);
  return {
    candidateId,
    stage,
    runId,
    attempt: dispatch.deliveries,
    startedAt: iso(startedMs),
    step,
    progressAt: iso(progressMs),
    progressDueAt: Number.isFinite(dueMs) ? iso(dueMs) : null,
    deadline: Number.isFinite(deadlineMs) ? iso(deadlineMs) : null,
  };
}

/** An ISO instant of milliseconds since 1970. */
export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** Aborts an attempt, and leaves its work behind if it isn't over within `graceMs`; the first reason counts. */
export function abort(attempt: Attempt, reason: AbortReason, graceMs: number): void {
  if (attempt.reason !== undefined) return;
  attempt.reason = reason;
  attempt.controller().abort(new Error(reason));
  setTimeout(() => attempt.giveUp?.(), graceMs).unref();
}

/** Fields of every log line about a dispatch. */
export function ids({ entry, deliveries }: Dispatch): Record<string, string | number> {
  const { candidateId, stage, runId, trace } = entry;
  return { candidateId, stage, runId, attempt: deliveries, traceId: trace.slice(3, 35) };
}
