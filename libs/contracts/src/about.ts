/**
 * What an entry tells beside its reason, cause, failure, evidence, review and approvals: facts, never sentences. Whoever shows
 * an entry makes the sentence from them (`@baton/words`), so a sentence can be reworded and a journal still replays.
 */
import { z } from "zod";

import { MAX_TEXT } from "./failure.ts";
import { Identity } from "./identity.ts";
import { CandidateId, Instant, Lane, RunId, Sha256, Stage } from "./names.ts";
import { openUnion, wireObject } from "./wire.ts";

/** Name of an artifact as a lane claimed it. */
const Claimed = z.string().max(200);

/** What is wrong with the evidence for a result. */
export const EvidenceFault = openUnion([
  wireObject({ kind: z.literal("named-twice"), artifact: Claimed }),
  /** It says itself that it was made elsewhere. */
  wireObject({ kind: z.literal("made-elsewhere"), artifact: Claimed, stage: Stage, runId: RunId }),
  /** Not in the store, or with other bytes. */
  wireObject({ kind: z.literal("not-stored"), artifact: Claimed, state: z.string().max(20) }),
  wireObject({ kind: z.literal("contradicts"), artifact: Claimed, what: z.string().max(300) }),
  wireObject({ kind: z.literal("no-gate-report"), artifact: Claimed }),
  /** `read`: digest of the report that was read. */
  wireObject({ kind: z.literal("other-gate-report"), artifact: Claimed, read: Sha256 }),
  /** The playbook asks for it. */
  wireObject({ kind: z.literal("not-named"), artifact: Claimed }),
  /** It would take the place of what `stage` made. */
  wireObject({ kind: z.literal("replaces"), artifact: Claimed, stage: Stage }),
  /** The playbook asks it of `stage`. */
  wireObject({ kind: z.literal("not-its-own"), artifact: Claimed, stage: Stage }),
]);
export type EvidenceFault = z.infer<typeof EvidenceFault>;

/** What an end, an incident or a new start leaves behind of where the candidate stood. */
export const Left = wireObject({
  /** The stage in flight, whose result doesn't count any more. */
  inFlight: wireObject({ stage: Stage, lane: Lane }).optional(),
  /** The stage whose kept result is dropped. */
  dropped: Stage.optional(),
  /** Whose hold ends with it. */
  heldBy: Identity.optional(),
  /** Stages whose changes aren't undone. */
  changed: z.array(Stage).max(64).optional(),
});
export type Left = z.infer<typeof Left>;

/** The control that a candidate waits for. */
export const StoppedBy = openUnion([
  wireObject({
    kind: z.literal("kill-switch"),
    since: Instant,
    by: Identity,
    why: z.string().max(MAX_TEXT),
  }),
  wireObject({
    kind: z.literal("incident"),
    id: z.string().max(40),
    since: Instant,
    by: Identity,
    why: z.string().max(MAX_TEXT),
  }),
  wireObject({
    kind: z.literal("task"),
    id: z.string().max(40),
    ticket: z.string().max(120),
    scope: CandidateId,
  }),
]);
export type StoppedBy = z.infer<typeof StoppedBy>;

/** What a person's end of a candidate does about a strategy that may run; absent where none may. */
const Running = z.enum(["taken-out-first", "may-run"]);

/** One kind for each thing that an entry can be about. */
export const About = openUnion([
  wireObject({ kind: z.literal("submitted") }),
  wireObject({ kind: z.literal("passed"), stage: Stage, summary: z.string().max(MAX_TEXT) }),
  /** The gate's own reasons stand in the evidence; `loops`: how often it was sent back before. */
  wireObject({
    kind: z.literal("gate"),
    stage: Stage,
    verdict: z.enum(["fail", "inconclusive"]),
    summary: z.string().max(MAX_TEXT),
    loops: z.int().min(0),
    /** It takes a strategy out of service that may still run. */
    recovery: z.literal(true).optional(),
  }),
  wireObject({ kind: z.literal("unfit-evidence"), stage: Stage, lane: Lane, fault: EvidenceFault }),
  /** A result with more artifacts than a run may have. */
  wireObject({
    kind: z.literal("too-many-artifacts"),
    stage: Stage,
    own: z.int().min(0),
    all: z.int().min(0),
    most: z.int().min(0),
  }),
  /** A stage that failed for good; how stands in the entry's failure. */
  wireObject({
    kind: z.literal("failed"),
    stage: Stage,
    attempt: z.int().min(0),
    /** It failed alike before, so retries were stopped. */
    same: wireObject({ count: z.int().positive(), since: RunId }).optional(),
  }),
  /** An attempt that failed and is followed by another. */
  wireObject({
    kind: z.literal("attempt"),
    stage: Stage,
    attempt: z.int().positive(),
    of: z.int().positive(),
    next: Instant,
  }),
  /** A result that came in during a hold. */
  wireObject({ kind: z.literal("kept"), stage: Stage }),
  /** No result by `due`. */
  wireObject({
    kind: z.literal("late"),
    stage: Stage,
    lane: z.string().max(40),
    since: Instant,
    due: Instant,
  }),
  /** Deliveries without an answer: how many stands in the cause. */
  wireObject({ kind: z.literal("unanswered"), stage: Stage, lane: Lane }),
  /** A result that can't be taken; `answers`: it is readable, but about another dispatch than the awaited. */
  wireObject({
    kind: z.literal("unfit-result"),
    stage: Stage,
    lane: Lane,
    answers: wireObject({ dispatch: z.int().min(0), awaited: z.int().min(0) }).optional(),
  }),
  /** `lane`, `since`: of one that stays with its lane, as people are asked about another; otherwise the cause has them. */
  wireObject({
    kind: z.literal("no-workers"),
    stage: Stage,
    lane: Lane.optional(),
    since: Instant.optional(),
  }),
  /** `service`: its workers were there all the time, what they work with is back. */
  wireObject({
    kind: z.literal("workers-back"),
    stage: Stage,
    service: z.literal(true).optional(),
  }),
  /** Its lane waits for a service that is away, which the failure names; `still`: for more than a day. */
  wireObject({ kind: z.literal("waits"), stage: Stage, still: z.literal(true).optional() }),
  /** The same, and people are asked once for the whole lane; how many wait stands in the cause. */
  wireObject({ kind: z.literal("service-away"), stage: Stage, since: Instant }),
  /** Enough people, or not yet, have approved the entry into `stage`. */
  wireObject({
    kind: z.literal("approved"),
    stage: Stage,
    by: z.array(Identity).max(20),
    missing: z.int().min(0),
    /** Approvals that no longer count, since their time is over. */
    expired: z
      .array(wireObject({ by: Identity, expires: Instant }))
      .max(20)
      .optional(),
  }),
  wireObject({ kind: z.literal("rejected"), running: Running.optional() }),
  wireObject({ kind: z.literal("cancelled"), left: Left, running: Running.optional() }),
  wireObject({ kind: z.literal("sent-back"), left: Left }),
  wireObject({ kind: z.literal("incident"), left: Left }),
  /** A person's hold; `stopped`: a control had stopped it before. */
  wireObject({
    kind: z.literal("held"),
    stage: Stage,
    lane: Lane,
    stopped: z.string().max(64).optional(),
  }),
  /** A hold was lifted, what was in flight goes on. */
  wireObject({ kind: z.literal("released"), stage: Stage }),
  wireObject({ kind: z.literal("rerun"), stage: Stage }),
  /** A stop met the stage in its middle; what its lane said. */
  wireObject({
    kind: z.literal("interrupted"),
    stage: Stage,
    code: z.string().max(64),
    message: z.string().max(MAX_TEXT),
  }),
  wireObject({ kind: z.literal("stopped"), stage: Stage, by: StoppedBy }),
]);
export type About = z.infer<typeof About>;
