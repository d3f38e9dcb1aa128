/** Commands about the whole mesh from what the command line said: everything that can be wrong in itself is found here. */
import { type CandidateId, ControlCommand, type IncidentScope, MESH_ID } from "@baton/contracts";
import { UserError, EXIT } from "@baton/text/user-error";
import { commandName } from "@baton/views";

import { candidateIdFrom, laneFrom } from "../people/arguments.ts";

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What a command asks for, without what all of them have. */
export type Wish = DistributedOmit<
  ControlCommand,
  "v" | "candidateId" | "id" | "time" | "by" | "why" | "publicKey" | "signature"
>;

/** Who asks, and why. */
export interface Asking {
  readonly id: string;
  readonly by: string;
  readonly why: string;
  readonly time: Date;
}

/** Options under which a command's values are typed, where these differ from the message's keys; with the rule in words. */
const TYPED: Readonly<Record<string, { readonly name: string; readonly rule?: string }>> = {
  incidentId: { name: "incident", rule: "inc- and 12 hex digits" },
  taskId: { name: "task", rule: "task- and 12 hex digits" },
  commit: { name: "--commit", rule: "all 40 hex digits of the commit, in lower case" },
  loss: { name: "loss", rule: "loss- and 12 hex digits, as the refusal names it" },
  ticket: { name: "--ticket" },
  why: { name: "--why" },
};

/** The command, or `UserError` E_INVALID about the first value that is wrong. */
export function controlCommand(wish: Wish, { id, by, why, time }: Asking): ControlCommand {
  const given = {
    v: 1,
    candidateId: MESH_ID,
    ...wish,
    id,
    by,
    why,
    time: time.toISOString(),
  };
  const parsed = ControlCommand.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = String(issue?.path[0] ?? "");
  const value: unknown = Object.getOwnPropertyDescriptor(given, key)?.value;
  const typed = TYPED[key];
  const name = typed?.name ?? (key === "" ? commandName(given) : key);
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${name} isn't valid`,
    value: typeof value === "string" ? value : undefined,
    rule: typed?.rule ?? issue?.message,
    action: ["incidentId", "taskId"].includes(key)
      ? "`baton get controls` lists those that are open."
      : `Correct ${name} and send it again.`,
  });
}

/** Options that say what an incident freezes. */
export interface ScopeOptions {
  readonly candidate?: string;
  readonly lane?: string;
  readonly all?: true;
}

/** What an incident freezes; E_USAGE unless exactly one scope is given. */
export function scopeFrom({ candidate, lane, all }: ScopeOptions): IncidentScope {
  const given = [candidate, lane, all].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new UserError({
      code: "E_USAGE",
      exit: EXIT.usage,
      message:
        given.length === 0 ? "what does the incident freeze?" : "an incident has only one scope",
      rule: "one of --candidate ID, --lane LANE, --all",
      action: "Name one; where two lanes are affected, open two incidents.",
    });
  }
  if (candidate !== undefined)
    return { kind: "candidate", candidateId: candidateIdFrom(candidate) };
  return lane !== undefined ? { kind: "lane", lane: laneFrom(lane) } : { kind: "all" };
}

/** The candidate that a command names; undefined if it names none. */
export function candidateOf(command: ControlCommand): CandidateId | undefined {
  if (command.type === "emergency") return command.scope;
  return command.type === "incident" && command.scope.kind === "candidate"
    ? command.scope.candidateId
    : undefined;
}
