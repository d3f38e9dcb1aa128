/** Reports: what a lane says about a stage run. The first stored `result` of a stage run wins for ever. */
import { z } from "zod";

import { ArtifactRef, MAX_ARTIFACTS } from "./artifact.ts";
import { Failure, MAX_TEXT } from "./failure.ts";
import { CandidateId, Instant, Lane, RunId, Stage, Traceparent } from "./names.ts";
import { WorkDone } from "./stage-work.ts";
import { wireObject, WireVersion } from "./wire.ts";

/** Of a gate or a stage's own check: `inconclusive` goes to a person. An error is a failed attempt, not a verdict. */
export const Verdict = z.enum(["pass", "fail", "inconclusive"]);
export type Verdict = z.infer<typeof Verdict>;

const common = {
  v: WireVersion,
  /** Deduplication id of the stage run, with `.attempt-<n>` for a failed attempt. */
  id: z.string().max(250),
  candidateId: CandidateId,
  stage: Stage,
  runId: RunId,
  time: Instant,
  trace: Traceparent,
  lane: Lane,
  /** Sequence of the dispatch it answers. */
  answers: z.int().positive(),
  /** Delivery count of that dispatch, from 1. */
  attempt: z.int().positive(),
  startedAt: Instant,
  /** Milliseconds from the previous stage's stored result to `startedAt`, and that stage; null for the first stage. */
  handoff: wireObject({ from: Stage, ms: z.number().min(0) }).nullable(),
  /** What a program from outside did for it. */
  work: WorkDone.optional(),
};

/** A stage run that is over: done with a verdict and artifacts, or failed for good. */
export const ResultReport = wireObject({
  ...common,
  type: z.literal("result"),
  outcome: z.discriminatedUnion("kind", [
    wireObject({
      kind: z.literal("done"),
      verdict: Verdict,
      /** One sentence for people. */
      summary: z.string().max(MAX_TEXT),
      artifacts: z.array(ArtifactRef).max(MAX_ARTIFACTS),
    }),
    wireObject({ kind: z.literal("failed"), failure: Failure }),
  ]),
});
export type ResultReport = z.infer<typeof ResultReport>;

/**
 * An attempt that failed and will be retried at `retryAt`. `waits`: it isn't over, but tries again and again, because what it works
 * with is away; the first such one of a delivery is reported.
 */
export const AttemptReport = wireObject({
  ...common,
  type: z.literal("attempt"),
  failure: Failure,
  retryAt: Instant,
  waits: z.literal(true).optional(),
});
export type AttemptReport = z.infer<typeof AttemptReport>;

/** Anything a lane may report. */
export const Report = z.discriminatedUnion("type", [ResultReport, AttemptReport]);
export type Report = z.infer<typeof Report>;
export type Outcome = ResultReport["outcome"];

/** A report with where and when it was stored. */
export interface StoredReport {
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  readonly report: Report;
}
