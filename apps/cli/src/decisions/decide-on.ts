/** `baton approve|reject|pause|resume|send-back|cancel ID`: what a person decides about a candidate. */
import { Command, type CommandType } from "@baton/contracts";

import { candidateIdFrom, durationFrom, sha256From } from "../arguments.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { Globals } from "../globals.ts";
import { senderFrom } from "../identity.ts";
import { interruptible } from "../interrupt.ts";
import { print } from "../output.ts";
import { renderReceipt } from "../render-receipt.ts";
import { commandIdNow, describeProgress, type Progress, sendCommand } from "../send-command.ts";
import { openSession } from "../session.ts";
import { agree, requireConsent } from "./agree.ts";

/** What the command line said. */
export interface DecisionOptions extends Globals {
  readonly why: string;
  readonly as?: string;
  readonly timeout: string;
  readonly evidence?: string;
  readonly yes?: boolean;
}

/** Sends the command and prints its receipt. */
export async function decideOn(
  type: Exclude<CommandType, "submit">,
  id: string,
  options: DecisionOptions,
): Promise<void> {
  const timeoutMs = durationFrom(options.timeout, "timeout");
  const { name, key } = senderFrom(options.as, options);
  const command = commandFrom(type, id, { ...options, as: name });
  if (command.type === "approve") requireConsent(options.yes);
  let progress: Progress = "unsent";
  const onProgress = (next: Progress): void => void (progress = next);
  const state = (): string => describeProgress(progress, command);
  const receipt = await interruptible(state, async () => {
    await using session = await openSession(options);
    const agreed =
      command.type === "approve" ? await agree(session, command, options.yes) : command;
    return await sendCommand(session, agreed, { timeoutMs, onProgress, key });
  });
  await print(options.format, receipt, (one) => renderReceipt(type, one));
}

function commandFrom(
  type: Exclude<CommandType, "submit">,
  id: string,
  options: DecisionOptions & { readonly as: string },
): Command {
  const given = {
    v: 1,
    type,
    id: commandIdNow(),
    candidateId: candidateIdFrom(id),
    time: new Date().toISOString(),
    by: options.as,
    why: options.why,
    ...(options.evidence !== undefined && { evidence: sha256From(options.evidence) }),
  };
  const parsed = Command.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  throw new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${path === "" ? type : path} isn't valid`,
    value: path === "why" ? options.why : undefined,
    rule: issue?.message,
    action: "Correct it and send it again.",
  });
}
