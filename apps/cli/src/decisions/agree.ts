/** An approval is given on what was seen: it is shown first, asked about, and bound to its digest. */
import {
  readApprovalQuestion,
  readLast,
  renderApprovalQuestion,
  renderApproved,
  type Session,
  type SigningKey,
} from "@baton/client";
import type { Command } from "@baton/contracts";
import { knownRefusal, type Refusal } from "@baton/playbook";
import { UserError, EXIT, exitOf } from "@baton/text/user-error";

import { ask, canAsk } from "./ask.ts";

type Approve = Extract<Command, { type: "approve" }>;

/** Refuses at once what would have to ask where nobody can answer. */
export function requireConsent(yes: boolean | undefined): void {
  if (yes === true || canAsk()) return;
  throw new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "approve shows the evidence and asks, but this isn't a terminal",
    rule: "off a terminal an approval needs --yes",
    action:
      "Add --yes, best with --evidence and the digest that was looked at: `baton get reviews -o json` has it.",
  });
}

/**
 * Shows what would be approved, asks unless `yes`, which gets a line, and binds the approval to it. What is known against it is
 * said before anything is shown. Throws `UserError`, also if the answer is no.
 */
export async function agree(
  session: Session,
  command: Approve,
  { yes, key }: { readonly yes: boolean | undefined; readonly key: SigningKey | undefined },
): Promise<Approve> {
  const { entry } = await readLast(session, command.candidateId);
  const now = new Date().toISOString();
  const refusal = knownRefusal(entry, command, now);
  if (refusal) throw refused(refusal);
  // A mesh of `baton up` has a registry: what isn't signed is refused there.
  if (!key && session.address.up?.people !== undefined) throw unsigned(command.by);
  const question = await readApprovalQuestion(session, entry);
  if (!question) return command;
  process.stderr.write(
    yes === true ? renderApproved(question) : renderApprovalQuestion(question, now),
  );
  if (yes !== true && !(await ask(`Approve this as ${command.by}? [y/N] `))) {
    throw new UserError({
      code: "E_INTERRUPTED",
      exit: EXIT.interrupted,
      message: `${command.candidateId} was not approved; nothing was sent`,
      action: "`baton reject ID --why …` or `baton send-back ID --why …` tell it why.",
    });
  }
  return { ...command, evidence: question.evidence };
}

function refused({ code, message, action }: Refusal): UserError {
  return new UserError({ code, exit: exitOf(code), message, action });
}

function unsigned(by: string): UserError {
  return new UserError({
    code: "E_DENIED",
    exit: EXIT.notAuthorised,
    message: `there is no key of ${by}'s here to sign the approval with; nothing was sent`,
    rule: "this mesh counts what registered keys have signed",
    action: "`baton get people` lists who is registered; `--as` names one whose key lies here.",
  });
}
