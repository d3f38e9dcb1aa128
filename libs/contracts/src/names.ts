/**
 * The vocabulary's names as types: who may hold a baton, which stages exist by default, what an identifier may look like.
 *
 * N1: an identifier is at most 63 characters of `a-z0-9-`, so it is always one literal subject token.
 */
import { z } from "zod";

import type { Foreign } from "./wire.ts";

/**
 * The lanes of this release, in the order of the playbook's flow: the one list that consumers, keys and access rules are made
 * from, and that what people write is held against.
 */
export const LANES = ["lane-a", "lane-b", "lane-c", "lane-d", "lane-e", "lane-f"] as const;
/** A lane of this release. */
export const OwnLane = z.enum(LANES);
export type OwnLane = z.infer<typeof OwnLane>;

const LANE_PATTERN = /^lane-[a-z0-9](?:[a-z0-9-]{0,56}[a-z0-9])?$/;

/** A lane: the service that does the work of its stages. On the wire it may be one that this release doesn't have. */
export type Lane = `lane-${string}`;
export const Lane = z.custom<Lane>(
  (value) => typeof value === "string" && LANE_PATTERN.test(value),
  "lane: `lane-` and 1 to 58 of a-z, 0-9 and '-', not ending with '-'",
);

/** What candidate and run ids look like, also upstream (N1). Names and labels elsewhere, such as Kubernetes', may not end in '-'. */
export const ID_PATTERN = /^[a-z0-9][a-z0-9-]{4,61}[a-z0-9]$/;
/** What a stage name looks like (N1); the playbook says which ones exist. */
export const STAGE_PATTERN = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Who must act next: a lane, a person (`review`) or nobody (`closed`); or whoever a newer release lets act. */
export type Holder = Lane | "review" | "closed" | Foreign;
export const Holder = z.custom<Holder>(
  (value) => typeof value === "string" && STAGE_PATTERN.test(value),
  "holder: 1 to 63 characters, only a-z, 0-9 and '-', starting with a letter",
);

/** True if a lane must act next. */
export function isLane(holder: Holder): holder is Lane {
  return LANE_PATTERN.test(holder);
}

const idRule = "6 to 63 characters, only a-z, 0-9 and '-', neither starting nor ending with '-'";

/** Id of a strategy candidate; the same over all its runs. */
export const CandidateId = z.string().regex(ID_PATTERN, `candidateId: ${idRule}`);
export type CandidateId = z.infer<typeof CandidateId>;

/** Id of one pass of a candidate through the playbook. */
export const RunId = z.string().regex(ID_PATTERN, `runId: ${idRule}`);
export type RunId = z.infer<typeof RunId>;

/** Id of a command; one stored command per id and candidate. */
export const CommandId = z.string().regex(ID_PATTERN, `commandId: ${idRule}`);
export type CommandId = z.infer<typeof CommandId>;

/**
 * A mesh's name: 128 random bits, made once with its streams. It is part of whatever is signed, so that what was meant for one
 * mesh can't be replayed in another.
 */
export const MeshName = z
  .string()
  .regex(/^mesh-[0-9a-f]{32}$/, "mesh: its name, `mesh-` and 32 of 0-9 and a-f");
export type MeshName = z.infer<typeof MeshName>;

/** Name of a stage. */
export const Stage = z
  .string()
  .regex(
    STAGE_PATTERN,
    "stage: 1 to 63 characters, only a-z, 0-9 and '-', starting with a letter, not ending with '-'",
  );
export type Stage = z.infer<typeof Stage>;

/** SHA-256 in lower-case hex. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "sha256: 64 lower-case hex digits");
export type Sha256 = z.infer<typeof Sha256>;

/** A moment, ISO 8601 in UTC with milliseconds. */
export const Instant = z.iso.datetime({ precision: 3 });
export type Instant = z.infer<typeof Instant>;

/** A moment with microseconds, as the server stamps what it stores: handoffs are measured from it. */
export const PreciseInstant = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, "a UTC instant with microseconds");
export type PreciseInstant = z.infer<typeof PreciseInstant>;

/** W3C trace context, version 00. */
export const Traceparent = z.string().regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
export type Traceparent = z.infer<typeof Traceparent>;

/** The identity of a stage run: the unit of idempotency. */
export interface StageRun {
  readonly candidateId: CandidateId;
  readonly stage: Stage;
  readonly runId: RunId;
}

/** Deduplication id of a stage run, `candidateId.stage.runId`. */
export function deduplicationId({ candidateId, stage, runId }: StageRun): string {
  return `${candidateId}.${stage}.${runId}`;
}
