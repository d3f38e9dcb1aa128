/**
 * What a lane's author writes: one function per stage that gets its inputs as data and hands back an outcome as a value.
 *
 * L1: everything a stage reads comes from its dispatch or from artifacts of its run, checked against their digest and, where
 *     their content follows from the specification, against the dispatch.
 * L2: an artifact is stored before the report names it; names under `observed/` hold what depends on the clock
 *     (times, durations, commit ids), every other artifact is the same bytes on every rerun.
 */
import {
  type Approval,
  type ArtifactRef,
  type Assignment,
  Failed,
  Failure,
  type Feedback,
  type Lane,
  type Stage,
  type StageRun,
  type Verdict,
  type WalkForwardLimits,
  type WorkDone,
} from "@baton/contracts";
import type { Log } from "@baton/telemetry";
import type { z } from "zod";

/** What a stage's work sees of its dispatch, and what it can do. */
export interface StageContext extends StageRun {
  readonly lane: Lane;
  /** Delivery count of the dispatch, from 1. */
  readonly attempt: number;
  readonly iteration: number;
  /** The candidate's specification as submitted; lane A checks it. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly author: string;
  /** What the playbook asks of a walk-forward. */
  readonly walkForward: WalkForwardLimits;
  /** SHA-256 of the gate policy that the playbook asks for; undefined: it names none. */
  readonly gatePolicy: string | undefined;
  /** Why earlier runs came back. */
  readonly feedback: readonly Feedback[];
  readonly approvals: readonly Approval[];
  /** Who does the stage's work, and within which budget; undefined: the lane's own code. */
  readonly assignment: Assignment | undefined;
  /** What programs from outside have spent on this stage run before, as far as the journal knows. */
  readonly reported: WorkDone["sum"] | undefined;
  /** Globs of what the lane may change in a repository, as the playbook says it; undefined: it says nothing. */
  readonly surfaces: readonly string[] | undefined;
  /** Artifacts of the stages before, of this run. */
  readonly inputs: readonly ArtifactRef[];
  /** Sequence of the dispatch in the journal. */
  readonly sequence: number;
  /** When the stage must have reported, ISO. */
  readonly deadline: string;
  /** W3C trace context of this attempt, for outgoing requests. */
  readonly traceparent: string;
  readonly log: Log;
  /** Aborted when the service stops, the deadline passes or the dispatch is superseded: stop at the next safe point. */
  readonly signal: AbortSignal;
  /**
   * Bytes of an input, verified against its digest. Throws a StageFailure: deterministic if the run has none of that name,
   * policy (E_LINEAGE) if it contradicts the dispatch.
   */
  read(name: string): Promise<Uint8Array>;
  /** An input parsed as JSON by `schema`; throws a StageFailure (deterministic) that names the path that is wrong. */
  readJson<T>(name: string, schema: z.ZodType<T>): Promise<T>;
  /** Stores an artifact of this stage by content; the result names it from then on. */
  put(name: string, bytes: Uint8Array): Promise<ArtifactRef>;
  /** Stores `value` as JSON with sorted keys, two spaces and a final newline. */
  putJson(name: string, value: unknown): Promise<ArtifactRef>;
  /** Stored bytes by digest, for what isn't an artifact of this run (a user's CSV); verified. */
  fetch(sha256: string): Promise<Uint8Array>;
  /** As `fetch`, and keeps a copy in this lane's own name: people share one key, and who holds it could hide what they stored. */
  keep(sha256: string): Promise<Uint8Array>;
  /** Says that work goes on: `step` is shown to people and moves the progress watermark. */
  progress(step: string): void;
  /** Has the attempt's report say what a program from outside did for it. */
  worked(done: WorkDone): void;
  /** The wall clock; only for what goes under `observed/`. */
  now(): Date;
}

/** How a stage's work ends; errors thrown are for the unexpected and count as transient. */
export type StageOutcome =
  | { readonly kind: "done"; readonly verdict: Verdict; readonly summary: string }
  | { readonly kind: "failed"; readonly failure: StageFailure };

/** A failure with its class, which says what follows: only `transient` is tried again. */
export class StageFailure extends Failed {
  override readonly name = "StageFailure";
}

/** One stage's work. */
export type StageWork = (context: StageContext) => Promise<StageOutcome>;

/** A lane: its name and its stages' work. */
export interface LaneDefinition {
  readonly lane: Lane;
  readonly stages: Readonly<Record<Stage, StageWork>>;
  /** Stages for which somebody must hear at once that what they need is away: they don't wait for it (outage.ts). */
  readonly urgent?: readonly Stage[];
}

/**
 * Declares a lane. A failure that a stage's work throws is its outcome: a StageFailure, or another library's error that
 * carries a `class` and an `action`. A lane without stages is a bug.
 */
export function defineLane({ lane, stages, urgent = [] }: LaneDefinition): LaneDefinition {
  const works = Object.entries(stages).map(([stage, work]) => [stage, failing(work)] as const);
  if (works.length === 0) throw new Error(`${lane} has no stages`);
  return { lane, stages: Object.fromEntries(works), urgent };
}

const TypedFailure = Failure.pick({ class: true, code: true, action: true });

function failing(work: StageWork): StageWork {
  return async (context) => {
    try {
      return await work(context);
    } catch (error) {
      if (error instanceof StageFailure) return { kind: "failed", failure: error };
      const typed = TypedFailure.safeParse(error);
      if (!(error instanceof Error) || !typed.success) throw error;
      const { message } = error;
      return {
        kind: "failed",
        failure: new StageFailure({ ...typed.data, message }, { cause: error }),
      };
    }
  };
}

/** The outcome of a stage that did its work: `pass` unless said otherwise. */
export function done(summary: string, verdict: Verdict = "pass"): StageOutcome {
  return { kind: "done", verdict, summary };
}
