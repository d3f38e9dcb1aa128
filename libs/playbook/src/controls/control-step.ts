/** What decisions about the mesh's controls share: the question, the answer, and how the next entry is made. */
import {
  type ControlAbout,
  type ControlCommand,
  type Controls,
  type Incident,
  type Instant,
  type StoredControls,
} from "@baton/contracts";

import type { Refusal, VerifiedIdentity } from "../candidate/decision.ts";
import type { Playbook } from "../format/playbook.ts";
import { instantMs } from "../instant.ts";

const MAX_COMMANDS = 50;

/** What the coordinator knows about the mesh's history. */
export interface HistoryFacts {
  /** What is lost of it; undefined if nothing is known to be. */
  readonly loss: { readonly id: string; readonly text: string } | undefined;
  /** Highest epoch that anything is known of. */
  readonly epoch: number;
  /** Last sequence of each stream; 0 where it holds nothing or is absent. */
  readonly heads: Readonly<Record<string, number>>;
}

/** What the coordinator looked up about a command. */
export interface ControlFacts {
  /** Only where it's asked for: to accept a loss. */
  readonly history?: HistoryFacts;
  /** The candidate that a command names is known. */
  readonly candidateKnown: boolean;
  /** Candidates that the incident led to recovery and that haven't passed its checks; a few of them. */
  readonly unrecovered: readonly string[];
}

/** Everything a decision about the controls depends on. */
export interface ControlQuestion {
  readonly last: StoredControls | undefined;
  readonly happening:
    | {
        readonly kind: "command";
        readonly command: ControlCommand;
        readonly identity?: VerifiedIdentity;
      }
    /** Time went on: emergencies may be over. */
    | { readonly kind: "expired" }
    /** History was found lost. */
    | { readonly kind: "lost"; readonly loss: string; readonly text: string };
  /** Says which role may do what; the coordinator's current one. */
  readonly playbook: Playbook;
  readonly facts: ControlFacts;
  readonly now: Instant;
}

/** What follows. */
export type ControlDecision =
  | { readonly kind: "append"; readonly controls: Controls }
  | { readonly kind: "ignore"; readonly why: "duplicate" | "early" }
  | Refusal;

/** A command of one type. */
export type ControlCommandOf<T extends ControlCommand["type"]> = Extract<
  ControlCommand,
  { type: T }
>;

/** True if the incident's emergency is over; false while it lasts and where there is none. */
export function isOver({ emergency }: Incident, now: Instant): boolean {
  return emergency !== null && (emergency.ended || instantMs(now) >= instantMs(emergency.until));
}

/** Who did it, why and when. */
export function actOf({ now }: ControlQuestion, { by, why, id: commandId }: ControlCommand) {
  return { by, why, time: now, commandId };
}

/** The state after `changes`. */
export function next(
  question: ControlQuestion,
  changes: Partial<Controls> & { about: ControlAbout },
): ControlDecision {
  const { last, now, happening } = question;
  const { controls: before, sequence = 0 } = last ?? { controls: undefined };
  const cause = causeOf(happening);
  const commands = before?.commands ?? [];
  const controls: Controls = {
    v: 1,
    type: "controls",
    n: (before?.n ?? 0) + 1,
    prev: sequence,
    time: now,
    cause,
    ...(before?.epoch && { epoch: before.epoch }),
    killSwitch: before?.killSwitch ?? null,
    incidents: before?.incidents ?? [],
    tasks: before?.tasks ?? [],
    commands:
      cause.kind === "command" ? [...commands, cause.commandId].slice(-MAX_COMMANDS) : commands,
    ...changes,
  };
  return { kind: "append", controls };
}

function causeOf(happening: ControlQuestion["happening"]): Controls["cause"] {
  if (happening.kind === "expired") return { kind: "expired" };
  if (happening.kind === "lost") return { kind: "loss", loss: happening.loss };
  const { command, identity } = happening;
  const { id: commandId, type, by, why, publicKey, signature } = command;
  const signed = publicKey !== undefined && signature !== undefined;
  return {
    kind: "command",
    commandId,
    type,
    by,
    why,
    ...(command.type === "close-task" && { commit: command.commit }),
    ...(identity && { roles: [...identity.roles] }),
    ...(signed && { signature: { publicKey, signature } }),
  };
}
