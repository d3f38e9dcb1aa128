/** One attempt's work. */
import {
  type ArtifactRef,
  cut,
  type Entry,
  type Failure,
  type Outcome,
  type WholeEntry,
} from "@baton/contracts";
import type { Log } from "@baton/telemetry";

import { createAttemptContext } from "./attempt-context.ts";
import type { AttemptTrace } from "./attempt-trace.ts";
import { type Attempt, ids, iso, type Job, type LaneRuntime } from "./attempt.ts";
import { classifyError, failureOf } from "./classify-error.ts";
import { type LaneDefinition, StageFailure, type StageOutcome } from "./define-lane.ts";

/** Does the stage's work, and waits for what is away; an error becomes a failed outcome. */
export function perform(
  job: Job,
  attempt: Attempt,
  parts: { made: Map<string, ArtifactRef>; trace: AttemptTrace },
): Promise<Outcome> {
  return job.outages.through(attempt, () => {
    parts.made.clear();
    return performOnce(job, attempt, parts);
  });
}

async function performOnce(
  { definition, runtime, dispatch }: Job,
  attempt: Attempt,
  parts: { made: Map<string, ArtifactRef>; trace: AttemptTrace },
): Promise<Outcome> {
  const { entry } = dispatch;
  const stage = definition.stages[entry.stage];
  if (!stage) return failed(unknownStage(definition, entry.stage));
  const log = (): Log => runtime.log.child({ ...ids(dispatch), attempt: dispatch.deliveries });
  const contextOn = (whole: WholeEntry) =>
    createAttemptContext({
      lane: definition.lane,
      dispatch,
      entry: whole,
      artifacts: runtime.artifacts,
      log,
      signal: () => attempt.controller().signal,
      traceparent: parts.trace.traceparent,
      deadline: () =>
        Number.isFinite(attempt.deadlineMs)
          ? iso(attempt.deadlineMs)
          : (entry.deadline ?? entry.time),
      made: parts.made,
      reported: () => attempt.reported,
      onWork: (done) => (attempt.work = done),
      onProgress: (step) => {
        // Whatever a stage says after it was aborted doesn't count.
        if (attempt.reason !== undefined) return;
        attempt.step = step;
        parts.trace.step(step);
        attempt.progressMs = Date.now();
      },
    });
  try {
    const context = contextOn(await readBasis(runtime, entry));
    const outcome = await untilGivenUp(attempt, stage(context));
    if (outcome.kind === "failed") return failed(failureOf(outcome.failure));
    return { ...outcome, artifacts: [...parts.made.values()] };
  } catch (error) {
    if (error instanceof LeftBehind)
      log().error({ reason: attempt.reason }, "the stage ignores its signal and is left behind");
    const { failure, expected } = classifyError(error);
    if (!expected && attempt.reason === undefined)
      log().error({ err: error }, "unexpected error in a stage");
    return failed(failure);
  }
}

/** Nothing is done on what the dispatch doesn't name: it is tried again, for the stored messages may be put back. */
async function readBasis({ journal }: LaneRuntime, entry: Entry): Promise<WholeEntry> {
  try {
    return await journal.whole(entry);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "E_JOURNAL")) throw error;
    throw new StageFailure(
      {
        class: "transient",
        code: "E_JOURNAL",
        message: cut(error.message),
        action:
          "`baton doctor --deep` says what of the journal is lost: put the server's data back from a backup.",
      },
      { cause: error },
    );
  }
}

/** The work of an aborted attempt went on; it can't be stopped, only no longer be waited for. */
class LeftBehind extends Error {
  override readonly name = "LeftBehind";
}

function untilGivenUp(attempt: Attempt, work: Promise<StageOutcome>): Promise<StageOutcome> {
  return new Promise((resolve, reject) => {
    attempt.giveUp = () => reject(new LeftBehind("left behind"));
    work.then(resolve, reject);
  });
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
