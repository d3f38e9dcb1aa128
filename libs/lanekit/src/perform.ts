/** One attempt's work and its spans. */
import type { ArtifactRef, Failure, Outcome } from "@baton/contracts";
import type { Log, Tracer, TraceSpan } from "@baton/telemetry";

import { createAttemptContext } from "./attempt-context.ts";
import { type Attempt, ids, type Job } from "./attempt.ts";
import { classifyError, failureOf } from "./classify-error.ts";
import type { LaneDefinition, StageOutcome } from "./define-lane.ts";
import { preciseMs } from "./precise-clock.ts";

/** Records the handoff and begins the attempt's span. */
export function startSpans(
  tracer: Tracer,
  definition: LaneDefinition,
  attempt: Attempt,
): TraceSpan {
  const { entry, deliveries } = attempt.dispatch;
  const parent = entry.trace;
  if (!tracer.records(parent)) return tracer.startSpan("", { parent });
  const attributes = {
    "baton.candidate_id": entry.candidateId,
    "baton.run_id": entry.runId,
    "baton.stage": entry.stage,
    "baton.lane": definition.lane,
    "baton.attempt": deliveries,
  };
  if (entry.cause.kind === "report" && deliveries === 1) {
    tracer.recordSpan(`handoff ${entry.cause.from} -> ${entry.stage}`, {
      parent,
      startMs: preciseMs(entry.cause.storedAt),
      endMs: attempt.startedMs,
      kind: "consumer",
      attributes: {
        ...attributes,
        "baton.from_stage": entry.cause.from,
        "baton.to_stage": entry.stage,
      },
    });
  }
  return tracer.startSpan(`${entry.stage} attempt ${deliveries}`, {
    parent,
    startMs: attempt.startedMs,
    attributes,
  });
}

/** Does the stage's work; an error becomes a failed outcome. */
export async function perform(
  { definition, runtime, dispatch }: Job,
  attempt: Attempt,
  parts: { made: Map<string, ArtifactRef>; span: TraceSpan },
): Promise<Outcome> {
  const { entry } = dispatch;
  const stage = definition.stages[entry.stage];
  if (!stage) return failed(unknownStage(definition, entry.stage));
  const log = (): Log => runtime.log.child({ ...ids(dispatch), attempt: dispatch.deliveries });
  const context = createAttemptContext({
    lane: definition.lane,
    dispatch,
    artifacts: runtime.artifacts,
    log,
    signal: () => attempt.controller().signal,
    traceparent: parts.span.traceparent ?? entry.trace,
    made: parts.made,
    onProgress: (step) => {
      attempt.step = step;
      attempt.progressMs = Date.now();
    },
  });
  try {
    const outcome: StageOutcome = await stage(context);
    if (outcome.kind === "failed") return failed(failureOf(outcome.failure));
    return { ...outcome, artifacts: [...parts.made.values()] };
  } catch (error) {
    const { failure, expected } = classifyError(error);
    if (!expected && attempt.reason === undefined)
      log().error({ err: error }, "unexpected error in a stage");
    return failed(failure);
  }
}

function unknownStage(definition: LaneDefinition, stage: string): Failure {
  return {
    class: "deterministic",
    code: "E_STAGE_UNKNOWN",
    message: `${definition.lane} has no work for the stage ${stage}`,
    action:
      "The playbook gives the stage to this lane: correct its lane, or deploy a lane that knows the stage.",
  };
}

function failed(failure: Failure): Outcome {
  return { kind: "failed", failure };
}
