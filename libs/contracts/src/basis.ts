/**
 * What a candidate rests on, and how its journal keeps it without saying it twice: its specification, the artifacts of its run, the
 * feedback of earlier runs.
 *
 * B1: an entry holds what is new with it. For the rest it names the entries that brought it, by their sequences, and the digest of
 *     their bytes' digests, so who has the entry can tell whether what it is given for them is what was decided on.
 * B2: everything of an entry counts that is named, in the order of the names; then what is new. What no longer counts isn't named.
 * B3: an artifact that is new with an entry was found in the store with its digest: its evidence names others only.
 */
import { z } from "zod";

import { ArtifactRef, MAX_ARTIFACTS } from "./artifact.ts";
import { SpecDocument } from "./command.ts";
import { RunId, Sha256, Stage } from "./names.ts";
import { WalkForwardLimits } from "./walk-forward.ts";
import { wireObject } from "./wire.ts";

/** Why an earlier run of this candidate came back; lane A reads it. */
export const Feedback = wireObject({
  runId: RunId,
  stage: Stage,
  reasons: z.array(z.string().max(300)).max(50),
});
export type Feedback = z.infer<typeof Feedback>;

/** As many as a candidate carries. */
export const MAX_FEEDBACK = 20;
/** One for the specification, one for each stage that has made something, one for each feedback. */
const MAX_EARLIER = 1 + 64 + MAX_FEEDBACK;

const { stage: _stage, runId: _runId, ...contentOfRef } = ArtifactRef.shape;

/** Artifacts that one stage run made. */
const Made = wireObject({
  stage: Stage,
  runId: RunId,
  artifacts: z.array(wireObject(contentOfRef)).max(MAX_ARTIFACTS),
});

/** What an entry says of its basis (B1). */
export const Basis = wireObject({
  /** The candidate's specification as it was submitted. */
  spec: SpecDocument.optional(),
  /** What its playbook asks of a walk-forward, so that a lane needs no playbook; absent: the playbook says nothing. */
  walkForward: wireObject(WalkForwardLimits.shape).optional(),
  /** SHA-256 of the gate policy that its playbook asks for; absent: the playbook names none. */
  gatePolicy: Sha256.optional(),
  made: z.array(Made).max(MAX_ARTIFACTS).optional(),
  feedback: z.array(Feedback).max(MAX_FEEDBACK).optional(),
  /** Sequences of the entries that brought the rest, in order. */
  earlier: z.array(z.int().positive()).max(MAX_EARLIER).optional(),
  /** SHA-256 over the SHA-256s of their bytes, in lower-case hex, one after the other. */
  sha256: Sha256.optional(),
});
export type Basis = z.infer<typeof Basis>;

/** All that a candidate rests on. */
export interface Whole {
  readonly spec: SpecDocument;
  readonly artifacts: readonly ArtifactRef[];
  readonly feedback: readonly Feedback[];
  readonly walkForward?: WalkForwardLimits | undefined;
  readonly gatePolicy?: Sha256 | undefined;
}
