/**
 * Runs a lane: takes dispatches, does their stage's work, stores the report, acknowledges. In this order.
 *
 * R1: a redelivered or long queued dispatch is held against the candidate's last entry before any work starts.
 * R2: the report is stored before the dispatch is acknowledged; a lost acknowledgement is answered from the stored report.
 * R3: whatever is running says `working` every heartbeat, and is aborted when its deadline passes, its progress watermark
 *     stands still for longer than its stage allows, or it's superseded.
 *     Who waits for what is away (outage.ts) isn't expected to make progress meanwhile.
 * R4: on shutdown what runs is aborted and handed back at once, without a report.
 * R5: work that goes on after it was aborted is left behind: it keeps neither its place nor its dispatch.
 */
import {
  type ArtifactRef,
  awaitedDispatch,
  cut,
  type Outcome,
  STALLED_CODE,
  type StoredEntry,
} from "@baton/contracts";
import { waitsForService, waitsForWorkers } from "@baton/playbook";

import { openAttemptTrace } from "./attempt-trace.ts";
import {
  abort,
  type Attempt,
  describe,
  ids,
  iso,
  type Job,
  type LaneRuntime,
  type RunningAttempt,
  RunningAttempts,
} from "./attempt.ts";
import type { LaneDefinition } from "./define-lane.ts";
import { fullTimeMs, Outages } from "./outage.ts";
import { perform } from "./perform.ts";
import type { Intake } from "./ports.ts";
import { preciseNow } from "./precise-clock.ts";
import { reportWait, settle } from "./settle.ts";

/** A running lane. */
export interface RunningLane {
  attempts(): RunningAttempt[];
  /** Undefined while it can take work; otherwise why not. */
  trouble(): string | undefined;
  /** What it works on although nobody who had it before came to an end; undefined if there is none. */
  unanswered(): string | undefined;
  /** What its candidates wait for because it is away; undefined if nothing is. */
  away(): string | undefined;
  /** Hands back what runs and resolves when nothing is left, or after the grace. */
  stop(): Promise<void>;
}

/** A dispatch that waited this long unstarted is checked like a redelivered one (R1). */
const STALE_MS = 5000;
/** Until a dispatch comes again that could neither be worked on nor reported: twice as long each time, as each is counted. */
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
/** Silence of the server that counts as trouble. */
const SILENT_MS = 15_000;
/** So many deliveries without an answer are told, and so many candidates at most. */
const UNANSWERED = 3;
const NAMED = 5;
/** An aborted stage may take so long to come to a safe point (R5), within the lane's own grace. */
const SAFE_POINT_MS = 5000;

/** Starts a lane; returns at once. */
export function runLane(definition: LaneDefinition, runtime: LaneRuntime): RunningLane {
  const running = new RunningAttempts();
  const outages = new Outages(
    { definition, runtime, running },
    {
      widen: (by) => intake.widen(by),
      tell: (attempt, failure) => reportWait({ definition, runtime }, attempt, failure),
    },
  );
  const intake: Intake = runtime.inbox.open({
    capacity: runtime.capacity,
    stages: new Set(Object.keys(definition.stages)),
    onTrouble: (what) => runtime.log.warn({ what }, "lane intake"),
    onDispatch: (dispatch, release) => {
      void handle({ definition, runtime, running, outages, dispatch }).finally(release);
    },
  });
  const timer = setInterval(() => beat(runtime, running), Math.min(runtime.heartbeatMs, 1000));
  const stop = async (): Promise<void> => {
    for (const attempt of running) abort(attempt, "stopping", safePointMs(runtime));
    await intake.stop(runtime.graceMs);
    clearInterval(timer);
  };
  return {
    stop,
    attempts: () => Array.from(running, describe),
    away: () => outages.trouble(),
    unanswered: () => unansweredOf(running),
    trouble: () => {
      const silent = intake.silentMs();
      return silent > SILENT_MS
        ? `nothing heard of the consumer for ${Math.round(silent / 1000)} s`
        : undefined;
    },
  };
}

/** A process that ends in good order hands back what it has, so that once or twice says nothing. */
function unansweredOf(running: Iterable<Attempt>): string | undefined {
  const parts = Array.from(running)
    .filter(({ unanswered }) => unanswered >= UNANSWERED)
    .map(({ unanswered, dispatch: { entry, deliveries } }) => {
      const which = `delivery ${deliveries} of ${entry.candidateId} at ${entry.stage}`;
      return `${which}: whoever had it before ended without an answer, ${unanswered} times`;
    });
  const more = parts.length > NAMED ? `; and ${parts.length - NAMED} more` : "";
  return parts.length === 0 ? undefined : `${parts.slice(0, NAMED).join("; ")}${more}`;
}

function safePointMs({ graceMs }: LaneRuntime): number {
  return Math.min(SAFE_POINT_MS, graceMs * 0.8);
}

/** R3, for everything that runs, on one timer. */
function beat(runtime: LaneRuntime, running: Iterable<Attempt>): void {
  const now = Date.now();
  const graceMs = safePointMs(runtime);
  for (const attempt of running) {
    const { rule } = attempt.dispatch.entry;
    if (now > attempt.deadlineMs && !attempt.resting) abort(attempt, "deadline", graceMs);
    if (attempt.resting) attempt.progressMs = now;
    if (now - attempt.progressMs > (rule?.progressMs ?? Number.POSITIVE_INFINITY))
      abort(attempt, "stalled", graceMs);
    if (now - attempt.heardMs < runtime.heartbeatMs) continue;
    attempt.heardMs = now;
    attempt.dispatch.working();
    void isCurrent(runtime, attempt)
      .then((current) => current || abort(attempt, "superseded", graceMs))
      .catch((error: unknown) =>
        runtime.log.debug({ err: error }, "couldn't check a running dispatch"),
      );
  }
}

/** R1: true if the candidate still awaits this dispatch's result; then its deadline is brought up to date. */
async function isCurrent(runtime: LaneRuntime, attempt: Attempt): Promise<boolean> {
  const { dispatch } = attempt;
  const last = await runtime.journal.last(dispatch.entry.candidateId);
  if (last === undefined || awaitedDispatch(last) !== dispatch.sequence) return false;
  attempt.deadlineMs = deadlineOf(attempt, last);
  attempt.unanswered = Math.max(0, dispatch.deliveries - 1 - last.entry.attempt);
  const { stage, runId, spent = [] } = last.entry;
  attempt.reported = spent.find((one) => one.stage === stage && one.runId === runId)?.run;
  return true;
}

/**
 * While the lane has the baton its last entry says by when. Whoever comes back to a lane without workers, or to one that waits for
 * what is away, has the full time.
 */
function deadlineOf(attempt: Attempt, { entry }: StoredEntry): number {
  const { dispatch, deadlineMs, startedMs } = attempt;
  const { holder, deadline } = dispatch.entry;
  // Who waits itself has its time anew with each try, whether or not the coordinator has heard of it.
  if (deadline === null || attempt.away) return deadlineMs;
  const isAway = waitsForService(entry) || entry.reason === "SERVICE_AWAY";
  if (isAway || entry.reason === "NO_WORKERS" || waitsForWorkers(entry))
    return Math.max(deadlineMs, startedMs + fullTimeMs(attempt));
  return entry.holder === holder && entry.deadline !== null
    ? Date.parse(entry.deadline)
    : deadlineMs;
}

async function handle(job: Job): Promise<void> {
  const { runtime, running, dispatch, definition } = job;
  const { entry } = dispatch;
  const startedMs = preciseNow();
  let controller: AbortController | undefined;
  const attempt: Attempt = {
    dispatch,
    controller: () => (controller ??= new AbortController()),
    startedMs,
    deadlineMs: entry.deadline === null ? Number.POSITIVE_INFINITY : Date.parse(entry.deadline),
    reason: undefined,
    heardMs: startedMs,
    step: "started",
    progressMs: startedMs,
    away: undefined,
    toldAway: false,
    resting: false,
    giveUp: undefined,
    unanswered: 0,
    work: undefined,
    reported: undefined,
    place: -1,
  };
  running.add(attempt);
  try {
    const suspect = dispatch.deliveries > 1 || startedMs - dispatch.storedAt > STALE_MS;
    if (suspect && !(await worthDoing(runtime, definition, attempt))) {
      dispatch.ack();
      return;
    }
    await work(job, attempt);
  } catch (error) {
    // The stores were out of reach: the server delivers it again.
    runtime.log.error(
      { ...ids(dispatch), err: error },
      "attempt not reported; it will be delivered again",
    );
    dispatch.retry(Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (dispatch.deliveries - 1)));
  } finally {
    running.remove(attempt);
  }
}

async function worthDoing(
  runtime: LaneRuntime,
  definition: LaneDefinition,
  attempt: Attempt,
): Promise<boolean> {
  const { dispatch } = attempt;
  const { entry } = dispatch;
  if (!(await isCurrent(runtime, attempt))) {
    runtime.log.info({ ...ids(dispatch), reason: "superseded" }, "dispatch acknowledged away");
    return false;
  }
  if (await runtime.reports.result({ ...entry, lane: definition.lane })) {
    runtime.log.info(
      { ...ids(dispatch), reason: "already reported" },
      "dispatch acknowledged away",
    );
    return false;
  }
  return true;
}

async function work(job: Job, attempt: Attempt): Promise<void> {
  const { runtime, dispatch } = job;
  const made = new Map<string, ArtifactRef>();
  const trace = openAttemptTrace(runtime.tracer, dispatch);
  const performed = await perform(job, attempt, { made, trace });
  if (attempt.reason === "stopping") {
    trace.end("handed back: the lane is stopping");
    dispatch.retry(0);
    return;
  }
  if (attempt.reason !== undefined && attempt.reason !== "stalled") {
    // The coordinator's sweep or its later entry has taken over: a report would come too late.
    runtime.log.warn({ ...ids(dispatch), reason: attempt.reason }, "attempt given up");
    trace.end(attempt.reason);
    dispatch.ack();
    return;
  }
  const outcome = attempt.reason === "stalled" ? stalled(attempt) : performed;
  await settle(job, attempt, { outcome, made, trace: trace.traceparent });
  trace.end(outcome.kind === "failed" ? outcome.failure.code : undefined);
}

function stalled({ dispatch, step, progressMs }: Attempt): Outcome {
  const seconds = (dispatch.entry.rule?.progressMs ?? 0) / 1000;
  return {
    kind: "failed",
    failure: {
      class: "transient",
      code: STALLED_CODE,
      message: `no progress for more than ${seconds} s; last step ${JSON.stringify(cut(step, 80))} at ${iso(progressMs)}`,
      action:
        "Read the lane's log after that step, then `baton resume ID --why …` to run the stage again.",
    },
  };
}
