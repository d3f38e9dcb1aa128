/** What the one who sent a command gets back. */
import {
  type Command,
  type ControlCommand,
  cut,
  MAX_SPEC_DEPTH,
  type StoredEntry,
} from "@baton/contracts";
import type { Journal } from "@baton/mesh";
import { controlChangeText, particularsOf } from "@baton/views";

import type { ControlOutcome } from "./control-desk.ts";
import type { Settled } from "./coordinator.ts";
import type { Answer } from "./sign-receipt.ts";

/** The receipt of a decided command. One that was accepted before gets the receipt of that time (J3), marked as a duplicate. */
export async function receiptOf(
  command: Command,
  outcome: Settled,
  journal: Pick<Journal, "first" | "history">,
): Promise<Answer> {
  if (outcome.kind === "reject")
    return refusal(
      { ...command, commandId: command.id },
      outcome.code,
      outcome.message,
      outcome.action,
    );
  if (outcome.kind === "appended") return accepted(command, outcome.stored, false);
  const original =
    command.type === "submit"
      ? await journal.first(command.candidateId)
      : await entryOf(command, outcome.last, journal);
  if (original) return withStanding(accepted(command, original, true), outcome.last);
  return refusal(
    { ...command, commandId: command.id },
    "E_NOT_FOUND",
    `no candidate ${command.candidateId} is known`,
    "`baton get candidates` lists those there are.",
  );
}

/** The entry that a command led to; others may have followed. The last one if the command changed nothing. */
async function entryOf(
  { id, candidateId }: Command,
  last: StoredEntry | undefined,
  journal: Pick<Journal, "history">,
): Promise<StoredEntry | undefined> {
  const isIts = ({ entry: { cause } }: StoredEntry): boolean =>
    cause.kind === "command" && cause.commandId === id;
  if (!last || isIts(last) || !last.entry.commands.includes(id)) return last;
  return (await journal.history(candidateId)).find(isIts) ?? last;
}

type Accepted = Answer & { outcome: Extract<Answer["outcome"], { kind: "accepted" }> };

function accepted(
  command: Command,
  { sequence, entry }: StoredEntry,
  duplicate: boolean,
): Accepted {
  const { runId, stage, time } = entry;
  const detail = cut(particularsOf(entry));
  return {
    v: 1,
    commandId: command.id,
    candidateId: command.candidateId,
    outcome: { kind: "accepted", duplicate, runId, stage, sequence, time, detail },
  };
}

/** The original receipt doesn't say what has happened since. */
function withStanding(receipt: Accepted, last: StoredEntry | undefined): Answer {
  if (!last) return receipt;
  const { stage, holder, reason, time: since, cause } = last.entry;
  const person =
    cause.kind === "command" ? { by: cause.by, ...(cause.why !== null && { why: cause.why }) } : {};
  const stands = { stage, holder, reason, since, ...person };
  return { ...receipt, outcome: { ...receipt.outcome, stands } };
}

/** The receipt of a command about the whole mesh. */
export function controlReceipt(
  { id: commandId, candidateId }: ControlCommand,
  outcome: ControlOutcome,
): Answer {
  if (outcome.kind === "reject")
    return refusal({ candidateId, commandId }, outcome.code, outcome.message, outcome.action);
  const { sequence, controls } = outcome.stored;
  const duplicate = outcome.kind === "unchanged";
  const { time, about } = controls;
  const detail = cut(controlChangeText(controls));
  return {
    v: 1,
    commandId,
    candidateId,
    outcome: { kind: "controlled", duplicate, sequence, time, about, detail },
  };
}

/**
 * A command that isn't one for this release, refused by what is wrong with it. It is never acted on in part: a condition that
 * somebody signed and nobody obeys is dangerous.
 */
export function unreadable(of: { candidateId: string; commandId: string }, why: string): Answer {
  const action =
    "Nothing of it was done. Correct what is named and send it again; if a newer `baton` wrote it, update the coordinator first, or send it with the `baton` of the coordinator's release.";
  return refusal(of, "E_INVALID", why, action);
}

/** A refusal in words. */
function refusal(
  of: { candidateId: string; commandId: string },
  code: string,
  message: string,
  action: string,
): Answer {
  return {
    v: 1,
    commandId: of.commandId,
    candidateId: of.candidateId,
    outcome: { kind: "refused", code, message, action },
  };
}

/** What is wrong with a specification's nesting or keys, or undefined. */
export function depthOf(value: unknown, depth = 0): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= MAX_SPEC_DEPTH) return `nested deeper than ${MAX_SPEC_DEPTH}`;
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__" || key === "constructor") return `unknown key "${key}"`;
    const fault = depthOf(inner, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
