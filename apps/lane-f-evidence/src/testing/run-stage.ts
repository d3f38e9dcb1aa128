import type { StageOutcome } from "@baton/lanekit";
import {
  createStageContext,
  type RecordedStageContext,
  type StageContextOptions,
} from "@baton/testkit";

import { evidenceLane } from "../lane.ts";
import type { EvidenceOptions } from "../ports.ts";
import { dispatched } from "./accounting.ts";
import { CANDIDATE, DAY, RUN, spec, type Target } from "./run-artifacts.ts";

/** A stage of lane F that ran once. */
export interface StageRan {
  readonly context: RecordedStageContext;
  readonly outcome: StageOutcome;
}

/** Runs a stage of the lane in a context in memory. */
export async function runStage(
  options: EvidenceOptions,
  of: Partial<StageContextOptions> & { stage: string; target?: Target; inputs: object },
): Promise<StageRan> {
  const { target, inputs, ...rest } = of;
  const context = createStageContext({
    lane: "lane-f",
    spec: spec(target),
    candidateId: CANDIDATE,
    runId: RUN,
    now: () => DAY,
    ...rest,
    inputs: { ...inputs },
  });
  await dispatched(context.candidateId, of.stage, context.runId);
  const work = evidenceLane(options).stages[of.stage];
  if (!work) throw new Error(`lane F has no stage ${of.stage}`);
  return { context, outcome: await work(context) };
}
