/** Who may ask for what: roles in the playbook, held against the identity that the coordinator verified. */
import type {
  Command,
  CommandType,
  ControlCommand,
  Entry,
  Identity,
  Reason,
  ReviewAnswer,
  Role,
  Stage,
} from "@baton/contracts";

import {
  type Decision,
  type Refusal,
  reject,
  type VerifiedIdentity,
} from "../candidate/decision.ts";
import { type Playbook, stageRule } from "../format/playbook.ts";

const ANSWERS = {
  toApproval: ["approve", "reject", "send-back", "cancel"],
  toHold: ["resume", "send-back", "cancel"],
  toStop: ["pause", "send-back", "cancel"],
  toOthers: ["resume", "reject", "send-back", "cancel"],
} as const satisfies Record<string, readonly CommandType[]>;

const KIND_OF: Readonly<Partial<Record<Reason, keyof typeof ANSWERS>>> = {
  APPROVAL_REQUIRED: "toApproval",
  PAUSED: "toHold",
  FROZEN: "toStop",
  KILL_SWITCH: "toStop",
  PROMOTION_BLOCKED: "toStop",
};

/** A question, as far as it says who may answer it. */
interface Asked {
  readonly reason: Reason;
  /** The stage that follows an approval. */
  readonly next: Stage | null;
  readonly author: Identity;
  /** False: the candidate has had its last run. */
  readonly mayRunAgain: boolean;
}

/** The answers that a review takes, and who may give them. */
export function answersTo(playbook: Playbook, asked: Asked): ReviewAnswer[] {
  const { reason, next, author, mayRunAgain } = asked;
  const kind = KIND_OF[reason] ?? "toOthers";
  // Lifting a hold begins no run, nor does a first entry into a stage.
  const beginsRun = (command: CommandType): boolean =>
    command === "send-back" || (command === "resume" && kind !== "toHold");
  const answers = ANSWERS[kind].filter((command) => mayRunAgain || !beginsRun(command));
  return answers.map((command) => {
    const roles = [...rolesFor(playbook, command, next)];
    const rule =
      command === "approve" && next !== null ? stageRule(playbook, next).approvals : null;
    const barred = rule?.notAuthor === true ? { notBy: author } : {};
    return { command, roles, people: rule?.required ?? 1, ...barred };
  });
}

/** The roles of which one is needed; none: everybody may. A stage's own roles go before the playbook's for approvals. */
export function rolesFor(
  playbook: Playbook,
  type: CommandType,
  next: Stage | null,
): readonly Role[] {
  const own = type === "approve" && next !== null ? stageRule(playbook, next).approvals : null;
  if (own?.roles) return own.roles;
  return type === "submit" ? [] : (playbook.answers[type] ?? []);
}

/** Why the one who sent a command may not; undefined if they may. Where nobody is known, nobody has a role (fails closed). */
export function refusalOfSender(
  { playbook, entry }: { playbook: Playbook; entry: Entry | undefined },
  command: Command,
  identity: VerifiedIdentity | undefined,
): Decision | undefined {
  const { by, type, candidateId } = command;
  const roles = rolesFor(playbook, type, entry?.review?.next ?? null);
  return refusalFor(roles, { by, what: `${type} ${candidateId}` }, identity);
}

/** The same for a command about the whole mesh. */
export function refusalOfControl(
  playbook: Playbook,
  { by, type }: ControlCommand,
  identity: VerifiedIdentity | undefined,
): Refusal | undefined {
  return refusalFor(playbook.answers[type] ?? [], { by, what: type }, identity);
}

function refusalFor(
  roles: readonly Role[],
  { by, what }: { by: Identity; what: string },
  identity: VerifiedIdentity | undefined,
): Refusal | undefined {
  if (identity && identity.name !== by) {
    return reject(
      "E_DENIED",
      `the command says ${by}, its key is ${identity.name}'s`,
      "Send it in your own name.",
    );
  }
  if (roles.length === 0 || identity?.roles.some((role) => roles.includes(role))) return undefined;
  const has = identity
    ? `${by} has ${identity.roles.length > 0 ? identity.roles.join(", ") : "no role"}`
    : `${by} isn't known: the coordinator has no key registry`;
  return reject(
    "E_DENIED",
    `to ${what} takes the role ${roles.join(" or ")}; ${has}`,
    "Ask someone who has it: `baton get reviews` shows who may answer. Who has which role is in the coordinator's BATON_PEOPLE.",
  );
}
