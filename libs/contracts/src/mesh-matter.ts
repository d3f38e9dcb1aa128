/**
 * What escalation knows about a matter of the whole mesh: the kill switch while it is engaged, an open incident, a change that
 * Git doesn't have yet, what the engine says that a person must look at. One record per matter in the bucket REVIEWS.
 *
 * open ── controls or engine don't have it any more ──▶ answered ── kept for a while ──▶ gone
 */
import { z } from "zod";

import { MAX_TEXT } from "./failure.ts";
import { Notice, Severity } from "./notice.ts";
import { ToldRecord } from "./told-record.ts";
import { wireObject, WireVersion } from "./wire.ts";

/** Codes of the matters. */
export const MESH_REASONS = [
  "KILL_SWITCH_ENGAGED",
  "INCIDENT_OPEN",
  "GIT_TASK_OPEN",
  "ENGINE_TROUBLE",
] as const;
export const MeshReason = z.enum(MESH_REASONS);
export type MeshReason = z.infer<typeof MeshReason>;

/** What every matter's name begins with; no candidate's id has a dot. */
export const MESH_MATTER_PREFIX = "mesh.";

/** What the name of a matter begins with that the engine tells, and not the controls. */
export const ENGINE_MATTER_PREFIX = `${MESH_MATTER_PREFIX}engine-`;

/** A matter as the controls or the engine have it. Name, reason, subject, facts and `what` never change. */
export const MeshMatter = wireObject({
  /** `mesh.` and what it is known by: an incident's or a task's id, the command that engaged the kill switch. */
  matter: z.string().regex(/^mesh\.[a-z0-9-]{1,80}$/, "matter: not one of the mesh"),
  reason: MeshReason,
  /** A candidate's id, or `mesh`. */
  subject: Notice.shape.subject,
  facts: Notice.shape.facts,
  /** How grave it is, where its route doesn't say. */
  usualSeverity: Severity,
  /** One sentence: what happened, by whom and why. */
  what: z.string().max(MAX_TEXT),
  /** What follows from it, and what happened since. */
  detail: z.string().max(MAX_TEXT),
  /** The one action suggested. */
  action: z.string().max(MAX_TEXT),
  openedAt: ToldRecord.shape.openedAt,
});
export type MeshMatter = z.infer<typeof MeshMatter>;

/** A matter and what was done about it. Tolerant (wire.ts). */
export const MeshMatterRecord = wireObject({
  v: WireVersion,
  ...ToldRecord.shape,
  ...MeshMatter.shape,
  /** Sequence of the latest controls that are known to have it; 1 where it isn't theirs. */
  latest: z.int().positive(),
});
export type MeshMatterRecord = z.infer<typeof MeshMatterRecord>;
