/**
 * A journal entry is both the decision and the dispatch; the last one is the candidate's state.
 *
 * E1: an entry is a dispatch when its holder is a lane and `awaits` is 0: the lane shall start on it.
 * E2: `awaits` > 0 names the sequence of an earlier dispatch whose result is still expected.
 *     A lane that receives such an entry acknowledges it away: it already has that dispatch.
 * E3: everything needed to decide is in the last entry and in the earlier ones that it names by their digests (basis.ts), so a
 *     coordinator keeps no other state.
 * E4: each entry has the digest of the bytes of the one before it, so a journal that was rewritten or cut is noticed.
 */
import { z } from "zod";

import { About } from "./about.ts";
import { Basis } from "./basis.ts";
import { Cause, CAUSES } from "./cause.ts";
import { PublicKey, Role } from "./command-signature.ts";
import { Failure, FailureTally, MAX_TALLIES, RetryRule } from "./failure.ts";
import { Identity } from "./identity.ts";
import { IncidentClass } from "./incident-scope.ts";
import {
  CandidateId,
  CommandId,
  Holder,
  Instant,
  isLane,
  PreciseInstant,
  RunId,
  Sha256,
  Stage,
  Traceparent,
} from "./names.ts";
import { AnyReason, isReason } from "./reason.ts";
import { ResultReport, Verdict } from "./report.ts";
import { Grant, MAX_GRANTS, MAX_SPENDINGS, Spending, WorkDone } from "./stage-work.ts";
import { kindsIn, wireObject, WireVersion } from "./wire.ts";

/** What the coordinator itself verified before the move (J2); kept so that a replay decides on the same (J10). */
const Evidence = wireObject({
  /** Artifact name to what was found in the store; absent: those that are new with the entry were, and were present (B3). */
  artifacts: z.record(z.string(), z.enum(["present", "missing", "altered"])).optional(),
  /** Where the content of an artifact contradicts the dispatch, by its name; absent if none does. */
  contradictions: z.record(z.string(), z.string().max(300)).optional(),
  /** Verdict read from the stage's gate report, bound to its digest; null where the stage has none. */
  gate: wireObject({
    sha256: Sha256,
    verdict: Verdict,
    reasons: z.array(z.string().max(300)).max(50),
  }).nullable(),
});
type Evidence = z.infer<typeof Evidence>;
/** The same with what was found of every artifact. */
export type EvidenceRecord = Omit<Evidence, "artifacts"> & {
  artifacts: NonNullable<Evidence["artifacts"]>;
};

/** The guard's receipt for a move to a stage. */
export const GuardReceipt = wireObject({
  from: Stage.nullable(),
  to: Stage,
  rule: z.string().max(120),
});
export type GuardReceipt = z.infer<typeof GuardReceipt>;

/** An approval given for entering `stage` in `runId`, bound to the digest of the evidence it was given on. */
export const Approval = wireObject({
  stage: Stage,
  runId: RunId,
  by: Identity,
  why: z.string(),
  commandId: CommandId,
  time: Instant,
  evidence: Sha256,
  /** From then on it doesn't count. */
  expires: Instant.optional(),
  /** Of the one who gave it, at that time. */
  roles: z.array(Role).max(16).optional(),
  publicKey: PublicKey.optional(),
  /** It was among those that let the candidate enter. */
  used: z.boolean().optional(),
});
export type Approval = z.infer<typeof Approval>;

/** One way to answer a review, and who may. */
export const ReviewAnswer = wireObject({
  /** Type of the command. */
  command: z.string().max(20),
  /** One of these is needed; empty: everybody may. */
  roles: z.array(Role).max(16),
  /** How many different people it takes. */
  people: z.int().positive(),
  /** Who can't give it. */
  notBy: Identity.optional(),
});
export type ReviewAnswer = z.infer<typeof ReviewAnswer>;

/** A question to a person. The entry's `reason` says which. */
export const Review = wireObject({
  openedAt: Instant,
  /** Stage that follows an approval; null if the answer is about the stage itself. */
  next: Stage.nullable(),
  /** Digest of the evidence an approval is bound to. */
  evidence: Sha256.nullable(),
  answers: z.array(ReviewAnswer).max(10).optional(),
  /** The move that the guard refused. */
  denied: GuardReceipt.optional(),
});
export type Review = z.infer<typeof Review>;

/** A person's hold. */
export const Hold = wireObject({
  by: Identity,
  why: z.string(),
  time: Instant,
  commandId: CommandId,
  /** Until then the lane works on what was in flight; afterwards it has given up. */
  inFlightUntil: Instant.optional(),
});
export type Hold = z.infer<typeof Hold>;

/** As many as may be open at a time. */
const MAX_INCIDENTS_BEFORE = 32;

/** The incident that a candidate recovers from; `ticket` where an emergency was declared for it. */
const IncidentLink = wireObject({
  id: z.string().max(40),
  class: IncidentClass,
  ticket: z.string().max(120).nullable(),
  /** Other incidents that led it to recovery before this one took over. */
  before: z.array(z.string().max(40)).max(MAX_INCIDENTS_BEFORE),
});

/** One entry of a candidate's journal. Tolerant (wire.ts). */
export const Entry = wireObject({
  v: WireVersion,
  type: z.literal("entry"),
  candidateId: CandidateId,
  stage: Stage,
  runId: RunId,
  time: Instant,
  trace: Traceparent,
  /** Position in this candidate's chain, from 1, and the sequence of the entry before (0 for the first): J1. */
  n: z.int().positive(),
  prev: z.int().min(0),
  /** SHA-256 of the bytes of the entry before; null for the first (E4). */
  prevSha256: Sha256.nullable(),
  holder: Holder,
  reason: AnyReason,
  /** The particulars. */
  about: About,
  cause: Cause,
  /** Digest of the playbook that its run is pinned to. */
  playbook: Sha256,
  iteration: z.int().min(0),
  /** How often a gate has sent this candidate back. */
  loops: z.int().min(0),
  author: Identity,
  basis: Basis,
  /** Stages dispatched in this run: one that comes up again starts a new run (J3). */
  visited: z.array(Stage).max(64),
  /** Ids of the latest commands that were applied, so that a redelivered one isn't applied twice. */
  commands: z.array(CommandId).max(20),
  /** E1, E2; null when no result is expected. */
  awaits: z.int().min(0).nullable(),
  /** Retry rule of the stage; only where a lane holds the baton. */
  rule: RetryRule.nullable(),
  /** When the coordinator acts if nothing came; null only when closed. */
  deadline: Instant.nullable(),
  approvals: z.array(Approval).max(20),
  /** Highest attempt of the awaited dispatch that is known to have failed; 0 if none; above `maxRetries` when none is left. */
  attempt: z.int().min(0),
  /** Failed attempts per stage over all runs, faults of the infrastructure left out. */
  failures: z.record(z.string(), z.int().positive()),
  /** The last failure, while it is why the candidate stands here. */
  failure: Failure.nullable(),
  review: Review.nullable(),
  hold: Hold.nullable(),
  /** A result that came in while on hold, with what was verified about it. */
  kept: wireObject({
    report: ResultReport,
    sequence: z.int().positive(),
    storedAt: PreciseInstant,
  }).nullable(),
  evidence: Evidence.nullable(),
  guard: GuardReceipt.nullable(),
  /** Failures seen lately, for the fuse that stops the same one from being repeated; the latest last. */
  tallies: z.array(FailureTally).max(MAX_TALLIES).optional(),
  /** Sequence of the mesh's controls it was decided under; absent while there were none. */
  controls: z.int().positive().optional(),
  /** Set while it recovers from an incident that people opened. */
  incident: IncidentLink.nullable().optional(),
  /** True from the first stage that changes what runs until recovery took the strategy out; absent while neither happened. */
  promoted: z.boolean().optional(),
  /** What a program from outside did for the report that led to the entry. */
  work: WorkDone.optional(),
  /** What such programs have spent so far, by stage; absent while there were none. */
  spent: z.array(Spending).max(MAX_SPENDINGS).optional(),
  /** What people granted beyond the playbook's budgets, the latest last. */
  grants: z.array(Grant).max(MAX_GRANTS).optional(),
});
export type Entry = z.infer<typeof Entry>;

/** An entry with the sequence under which the journal stored it. */
export interface StoredEntry {
  readonly sequence: number;
  readonly entry: Entry;
}

/** An entry with the SHA-256 of its bytes. */
export interface HashedEntry extends StoredEntry {
  readonly sha256: Sha256;
}

/** An entry with when it was stored, in milliseconds since 1970. */
export interface TimedEntry extends StoredEntry {
  readonly storedAt: number;
}

/** Sequence of the dispatch whose result is expected, or undefined (E1, E2). */
export function awaitedDispatch({ sequence, entry }: StoredEntry): number | undefined {
  if (entry.awaits === null) return undefined;
  return entry.awaits === 0 ? sequence : entry.awaits;
}

const CAUSE_KINDS = kindsIn(CAUSES);

/**
 * What of the entry only a newer release knows, in words, where one has to know it to decide what follows; undefined if nothing.
 * Who only shows it, or does its stage's work, needn't know.
 */
export function foreignIn({ holder, reason, cause }: Entry): string | undefined {
  if (!isLane(holder) && holder !== "review" && holder !== "closed") return `holder ${holder}`;
  if (!isReason(reason)) return `reason ${reason}`;
  return CAUSE_KINDS.has(cause.kind) ? undefined : `cause ${cause.kind}`;
}

/** True if a lane shall start working on this entry (E1). */
export function isDispatch(entry: Entry): boolean {
  return entry.awaits === 0 && isLane(entry.holder);
}

/** The incidents that this recovery is for: while it isn't through, none of them may be closed. */
export function incidentsOf({ incident }: Pick<Entry, "incident">): readonly string[] {
  return incident ? [incident.id, ...incident.before] : [];
}
