/**
 * What holds for the whole mesh: the kill switch, open incidents, and changes that aren't in Git yet. One chain of entries,
 * written by the coordinator only; the last one is the state.
 *
 * K1: an entry names the sequence of the one before, and is fenced by it like a candidate's.
 * K2: everything needed to decide is in the last entry.
 * K3: there is always a state: the first entry is made with the mesh. Where there is none, nobody knows what holds.
 */
import { z } from "zod";

import { CommandSignature, PublicKey, Role, Signature } from "./command-signature.ts";
import { Why } from "./command.ts";
import { ControlAbout } from "./control-about.ts";
import { Identity } from "./identity.ts";
import { IncidentClass, IncidentScope } from "./incident-scope.ts";
import { CandidateId, CommandId, Instant, Lane, MeshName } from "./names.ts";
import { printableText } from "./text.ts";
import { openUnion, wireObject, WireVersion } from "./wire.ts";

/** Stands where a candidate's id stands in commands about the whole mesh; no candidate may bear it. */
export const MESH_ID = "mesh-controls";

/** Most incidents open at a time, and most changes that wait for Git. */
export const MAX_INCIDENTS = 32;
export const MAX_TASKS = 64;
/** Longest emergency in seconds. */
export const MAX_EMERGENCY_SECONDS = 86_400;

const IncidentId = z.string().regex(/^inc-[0-9a-f]{12}$/, "incidentId: inc- and 12 hex digits");
const TaskId = z.string().regex(/^task-[0-9a-f]{12}$/, "taskId: task- and 12 hex digits");
/** Names exactly what was found lost, so that nobody accepts something else. */
const LossId = z.string().regex(/^loss-[0-9a-f]{12}$/, "loss: loss- and 12 hex digits");
/** A change outside Git is asked for by a ticket of the on-call team's own system. */
const Ticket = printableText(
  z.string().trim().min(1, "a ticket is needed; blanks are none").max(120),
  "ticket",
  "name",
);

/** What an incident freezes, as a command asks for it. */
const AskedScope = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("candidate"), candidateId: CandidateId }),
  z.strictObject({ kind: z.literal("lane"), lane: Lane }),
  z.strictObject({ kind: z.literal("all") }),
]);

const common = {
  v: WireVersion,
  id: CommandId,
  candidateId: z.literal(MESH_ID),
  time: Instant,
  by: Identity,
  /** As in every command. */
  mesh: MeshName.optional(),
  publicKey: PublicKey.optional(),
  signature: Signature.optional(),
  why: Why,
};

const AnyControlCommand = z.discriminatedUnion("type", [
  z.strictObject({ ...common, type: z.literal("kill-switch") }),
  /** Takes two people. */
  z.strictObject({ ...common, type: z.literal("release-kill-switch") }),
  z.strictObject({
    ...common,
    type: z.literal("incident"),
    class: IncidentClass,
    scope: AskedScope,
  }),
  z.strictObject({ ...common, type: z.literal("close-incident"), incidentId: IncidentId }),
  /** Lets one strategy be changed outside Git for a while. */
  z.strictObject({
    ...common,
    type: z.literal("emergency"),
    incidentId: IncidentId,
    ticket: Ticket,
    scope: CandidateId,
    seconds: z.int().min(60).max(MAX_EMERGENCY_SECONDS),
  }),
  /** The change is in Git now, by this commit. */
  z.strictObject({
    ...common,
    type: z.literal("close-task"),
    taskId: TaskId,
    commit: z.string().regex(/^[0-9a-f]{40}$/, "commit: the full 40 hex digits"),
  }),
  /** History is lost and can't be brought back: work goes on from what there is, under an engaged kill switch. */
  z.strictObject({ ...common, type: z.literal("accept-loss"), loss: LossId }),
]);

/** What people ask of the whole mesh. Strict, like every command. */
export const ControlCommand = AnyControlCommand.refine(
  ({ publicKey, signature }) => (publicKey === undefined) === (signature === undefined),
  { error: "publicKey and signature come together or not at all", path: ["signature"] },
);
export type ControlCommand = z.infer<typeof ControlCommand>;
export type ControlCommandType = ControlCommand["type"];

/** Who did something, why and when. */
const Act = wireObject({ by: Identity, why: z.string(), time: Instant, commandId: CommandId });

/** The kill switch while it is engaged. */
export const KillSwitchState = Act.extend({
  /** Who wants it released; it takes two. */
  releases: z.array(Act.extend({ expires: Instant })).max(10),
});
export type KillSwitchState = z.infer<typeof KillSwitchState>;

/** An emergency: until then one strategy may be changed outside Git. */
export const Emergency = Act.extend({
  ticket: z.string(),
  scope: CandidateId,
  until: Instant,
  /** True once its end is on record. */
  ended: z.boolean(),
});
export type Emergency = z.infer<typeof Emergency>;

/** An open incident. */
export const Incident = Act.extend({
  id: IncidentId,
  class: IncidentClass,
  scope: IncidentScope,
  emergency: Emergency.nullable(),
});
export type Incident = z.infer<typeof Incident>;

/** A change made in an emergency that Git doesn't have yet: promotions wait for it. */
export const GitTask = Act.extend({
  id: TaskId,
  incidentId: IncidentId,
  ticket: z.string(),
  scope: CandidateId,
});
export type GitTask = z.infer<typeof GitTask>;

/**
 * The part of the mesh's history that counts: a new one begins when people accept that what came before it is lost. What was
 * seen of an earlier epoch is not held against this one.
 */
export const Epoch = wireObject({
  /** From 2: the mesh was made with the first. */
  n: z.int().min(2),
  /** Last sequence of each stream when it began; 0 where it was made anew. */
  heads: z.record(z.string(), z.int().min(0)),
});
export type Epoch = z.infer<typeof Epoch>;

/** One entry of the chain, and the state. Tolerant (wire.ts). */
export const Controls = wireObject({
  v: WireVersion,
  type: z.literal("controls"),
  /** Position in the chain, from 1, and the sequence of the entry before (0 for the first). */
  n: z.int().positive(),
  prev: z.int().min(0),
  time: Instant,
  /** What changed. */
  about: ControlAbout,
  cause: openUnion([
    wireObject({
      kind: z.literal("command"),
      commandId: CommandId,
      type: z.string(),
      by: Identity,
      why: z.string(),
      /** The commit that a closed task's change is in Git as. */
      commit: z.string().optional(),
      roles: z.array(Role).max(16).optional(),
      signature: CommandSignature.optional(),
    }),
    wireObject({ kind: z.literal("expired") }),
    /** The mesh was made. */
    wireObject({ kind: z.literal("origin") }),
    /** History was found lost; the coordinator engaged the kill switch. */
    wireObject({ kind: z.literal("loss"), loss: LossId }),
  ]),
  /** Absent until a loss of history was accepted. */
  epoch: Epoch.optional(),
  killSwitch: KillSwitchState.nullable(),
  incidents: z.array(Incident).max(MAX_INCIDENTS),
  tasks: z.array(GitTask).max(MAX_TASKS),
  /** Ids of the latest commands applied. */
  commands: z.array(CommandId).max(50),
});
export type Controls = z.infer<typeof Controls>;

/** The number of the epoch that a state belongs to. */
export function epochOf({ epoch }: Controls): number {
  return epoch?.n ?? 1;
}

/** The first entry of a mesh's controls: nothing is stopped. */
export function originControls(time: Instant): Controls {
  return {
    v: 1,
    type: "controls",
    n: 1,
    prev: 0,
    time,
    about: { kind: "made" },
    cause: { kind: "origin" },
    killSwitch: null,
    incidents: [],
    tasks: [],
    commands: [],
  };
}

/** The state with the sequence under which CONTROLS stored it. */
export interface StoredControls {
  readonly sequence: number;
  readonly controls: Controls;
}
