/** An approval is given on what was seen: it is shown first, asked about, and bound to its digest. */
import type { Command } from "@baton/contracts";

import { CliError, EXIT } from "../cli-error.ts";
import type { Session } from "../session.ts";
import { readApprovalQuestion, renderApprovalQuestion } from "./approval-question.ts";
import { ask, canAsk } from "./ask.ts";

type Approve = Extract<Command, { type: "approve" }>;

/** Refuses at once what would have to ask where nobody can answer. */
export function requireConsent(yes: boolean | undefined): void {
  if (yes === true || canAsk()) return;
  throw new CliError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "approve shows the evidence and asks, but this isn't a terminal",
    rule: "off a terminal an approval needs --yes",
    action:
      "Add --yes, best with --evidence and the digest that was looked at: `baton get reviews -o json` has it.",
  });
}

/**
 * Shows what would be approved, asks unless `yes`, and binds the approval to it. A question that isn't there, or another
 * evidence than the one named, is left for the coordinator to refuse. Throws `CliError` if the answer is no.
 */
export async function agree(
  session: Session,
  command: Approve,
  yes: boolean | undefined,
): Promise<Approve> {
  const question = await readApprovalQuestion(session, command.candidateId);
  const seen = command.evidence ?? question?.evidence;
  if (!question || seen !== question.evidence) return command;
  process.stderr.write(renderApprovalQuestion(question, new Date().toISOString()));
  if (yes !== true && !(await ask(`Approve this as ${command.by}? [y/N] `))) {
    throw new CliError({
      code: "E_INTERRUPTED",
      exit: EXIT.interrupted,
      message: `${command.candidateId} was not approved; nothing was sent`,
      action: "`baton reject` or `baton send-back` tell it why.",
    });
  }
  return { ...command, evidence: question.evidence };
}
