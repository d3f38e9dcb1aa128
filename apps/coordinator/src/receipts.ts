/** What the one who sent a command gets back. */
import {
  type Command,
  type ControlCommand,
  MAX_SPEC_DEPTH,
  type Receipt,
  type StoredEntry,
} from "@baton/contracts";
import type { Journal } from "@baton/mesh";

import type { ControlOutcome } from "./control-desk.ts";
import type { Outcome } from "./coordinator.ts";

/** The receipt of a decided command. A submission that was accepted before gets the receipt of that one (J3). */
export async function receiptOf(
  command: Command,
  outcome: Outcome,
  journal: Pick<Journal, "first">,
): Promise<Receipt> {
  if (outcome.kind === "reject")
    return refusal(
      { ...command, commandId: command.id },
      outcome.code,
      outcome.message,
      outcome.action,
    );
  if (outcome.kind === "appended") return accepted(command, outcome.stored, false);
  const original =
    command.type === "submit" ? await journal.first(command.candidateId) : outcome.last;
  if (original) return accepted(command, original, true);
  return refusal(
    { ...command, commandId: command.id },
    "E_NOT_FOUND",
    `no candidate ${command.candidateId} is known`,
    "`baton get candidates` lists those there are.",
  );
}

function accepted(command: Command, { sequence, entry }: StoredEntry, duplicate: boolean): Receipt {
  const { runId, stage, time, detail } = entry;
  const told = duplicate ? {} : { detail };
  return {
    v: 1,
    commandId: command.id,
    candidateId: command.candidateId,
    outcome: { kind: "accepted", duplicate, runId, stage, sequence, time, ...told },
  };
}

/** The receipt of a command about the whole mesh. */
export function controlReceipt(
  { id: commandId, candidateId }: ControlCommand,
  outcome: ControlOutcome,
): Receipt {
  if (outcome.kind === "reject")
    return refusal({ candidateId, commandId }, outcome.code, outcome.message, outcome.action);
  const { sequence, controls } = outcome.stored;
  const duplicate = outcome.kind === "unchanged";
  const { time, detail } = controls;
  return {
    v: 1,
    commandId,
    candidateId,
    outcome: { kind: "controlled", duplicate, sequence, time, detail },
  };
}

/** A refusal in words. */
export function refusal(
  of: { candidateId: string; commandId: string },
  code: string,
  message: string,
  action: string,
): Receipt {
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
