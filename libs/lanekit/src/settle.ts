/** How an attempt ends: its report is stored, then its dispatch is settled (R2 of run-lane). */
import {
  type ArtifactRef,
  deduplicationId,
  type Failure,
  type Outcome,
  type Report,
} from "@baton/contracts";
import { retryDelay } from "@baton/playbook";
import type { Log } from "@baton/telemetry";

import { type Attempt, ids, iso, type Job, type LaneRuntime } from "./attempt.ts";
import type { Dispatch } from "./ports.ts";
import { preciseMs, preciseNow } from "./precise-clock.ts";

/** An attempt that is over. */
export interface Ended {
  readonly outcome: Outcome;
  readonly made: ReadonlyMap<string, ArtifactRef>;
  readonly trace: string;
}

/** Stores the report and settles the dispatch. */
export async function settle(job: Job, attempt: Attempt, ended: Ended): Promise<void> {
  const { runtime, dispatch } = job;
  const { entry } = dispatch;
  const finishedMs = preciseNow();
  const common = commonOf(job, attempt, { trace: ended.trace, nowMs: finishedMs });
  const delay = retryIn(runtime, dispatch, ended.outcome);
  const id = deduplicationId(entry);
  if (delay === undefined || ended.outcome.kind === "done") {
    const report: Report = { ...common, id, type: "result", outcome: ended.outcome };
    await runtime.reports.store(report);
    dispatch.ack();
  } else {
    const { failure } = ended.outcome;
    const retryAt = iso(finishedMs + delay);
    await runtime.reports.store({
      ...common,
      id: `${id}.attempt-${dispatch.deliveries}`,
      type: "attempt",
      failure,
      retryAt,
    });
    dispatch.retry(delay);
  }
  logOutcome(runtime.log, dispatch, {
    outcome: ended.outcome,
    delay,
    ms: finishedMs - attempt.startedMs,
  });
}

/** Reports that an attempt isn't over, but waits for what is away. */
export async function reportWait(
  job: Pick<Job, "definition" | "runtime">,
  attempt: Attempt,
  failure: Failure,
): Promise<void> {
  const { entry, deliveries } = attempt.dispatch;
  const nowMs = preciseNow();
  await job.runtime.reports.store({
    ...commonOf(job, attempt, { trace: entry.trace, nowMs }),
    id: `${deduplicationId(entry)}.attempt-${deliveries}`,
    type: "attempt",
    // The result tells of the handoff, once.
    handoff: null,
    failure,
    retryAt: iso(nowMs),
    waits: true,
  });
}

function commonOf(
  { definition }: Pick<Job, "definition">,
  attempt: Attempt,
  at: { trace: string; nowMs: number },
) {
  const { entry, sequence, deliveries } = attempt.dispatch;
  return {
    v: 1 as const,
    candidateId: entry.candidateId,
    stage: entry.stage,
    runId: entry.runId,
    time: iso(at.nowMs),
    trace: at.trace,
    lane: definition.lane,
    answers: sequence,
    attempt: deliveries,
    startedAt: iso(attempt.startedMs),
    handoff: handoffOf(attempt),
    ...(attempt.work && { work: attempt.work }),
  };
}

function handoffOf({ dispatch, startedMs }: Attempt): Report["handoff"] {
  const { cause } = dispatch.entry;
  if (cause.kind !== "report") return null;
  const ms = Math.max(0, startedMs - preciseMs(cause.storedAt));
  return { from: cause.from, ms: Math.round(ms * 1000) / 1000 };
}

/** Milliseconds until the next attempt; undefined if this one is final. */
function retryIn(runtime: LaneRuntime, dispatch: Dispatch, outcome: Outcome): number | undefined {
  const { rule } = dispatch.entry;
  if (outcome.kind === "done" || rule === null || dispatch.lastDelivery) return undefined;
  const failure = { class: outcome.failure.class, attempt: dispatch.deliveries };
  const delay = retryDelay(rule, failure, runtime.jitter());
  return delay === undefined ? undefined : Math.round(delay * runtime.retryScale);
}

function logOutcome(
  log: Log,
  dispatch: Dispatch,
  { outcome, delay, ms }: { outcome: Outcome; delay: number | undefined; ms: number },
): void {
  if (outcome.kind === "done") {
    if (!log.isLevelEnabled("info")) return;
    log.info({ ...ids(dispatch), verdict: outcome.verdict, ms: Math.round(ms) }, "stage done");
    return;
  }
  const { class: kind, code, message } = outcome.failure;
  const next = delay === undefined ? "final" : `next attempt in ${delay} ms`;
  log.warn(
    { ...ids(dispatch), failureClass: kind, reason: code, ms: Math.round(ms) },
    `stage failed: ${message} (${next})`,
  );
}
