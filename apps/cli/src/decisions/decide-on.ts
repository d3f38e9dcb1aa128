/** `baton approve|reject|pause|resume|send-back|cancel ID…`: what a person decides about candidates. */
import {
  type AcceptedReceipt,
  commandIdNow,
  describeProgress,
  durationFrom,
  type Progress,
  sendCommand,
  senderFrom,
  type Session,
  sha256From,
  type SigningKey,
} from "@baton/client";
import { type CandidateId, Command, type CommandType } from "@baton/contracts";
import { explainError, interruptible, note, print } from "@baton/terminal";
import { UserError, EXIT, failureFields, renderFailure } from "@baton/text/user-error";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";
import { renderReceipt } from "../render-receipt.ts";
import { agree, requireConsent } from "./agree.ts";
import { grantFrom } from "./grant-from.ts";
import { chosenFrom, selectCandidates, type Whom } from "./select-candidates.ts";

type Verb = Exclude<CommandType, "submit">;

/** What the command line said. */
export interface DecisionOptions extends Globals, Omit<Whom, "ids"> {
  readonly why: string;
  readonly as?: string;
  readonly timeout: string;
  readonly evidence?: string;
  readonly yes?: boolean;
  readonly budgetTokens?: string;
  readonly budgetMoney?: string;
  readonly budgetCalls?: string;
}

/** What became of one candidate's command. */
type Decided =
  | { readonly candidateId: CandidateId; readonly receipt: AcceptedReceipt }
  | { readonly candidateId: CandidateId; readonly failure: UserError["details"] };

/** Sends the command for each and prints the receipts; ends with the first failure's exit code. */
export async function decideOn(
  type: Verb,
  ids: readonly string[],
  options: DecisionOptions,
): Promise<void> {
  const chosen = chosenFrom({ ...options, ids });
  const timeoutMs = durationFrom(options.timeout, "timeout");
  const { name, key } = senderFrom(options.as, options);
  if (ids.length !== 1) refuseOneEvidence(options.evidence);
  // What is wrong with the command itself is found before a server is asked.
  const draft = commandFrom(type, DRAFT, { ...options, as: name });
  if (type === "approve") requireConsent(options.yes);
  let state = describeProgress("unsent", draft);
  await interruptible(
    () => state,
    async () => {
      await using session = await openCommandSession(options);
      const candidates = await selectCandidates(session, chosen, type);
      const sent = candidates.map((id) => commandFrom(type, id, { ...options, as: name }));
      const decided = await sendEach(session, sent, {
        timeoutMs,
        key,
        yes: options.yes,
        tell: options.format === "table" ? note : undefined,
        onProgress: (text) => void (state = text),
      });
      await printDecided(type, decided, { format: options.format, one: ids.length === 1 });
    },
  );
}

/** Stands where a candidate's id will stand. */
const DRAFT = "not-sent-yet";

interface Sending {
  readonly timeoutMs: number;
  readonly key: SigningKey | undefined;
  readonly yes: boolean | undefined;
  readonly tell: ((line: string) => void) | undefined;
  readonly onProgress: (text: string) => void;
}

/** One after the other. One that is refused doesn't hold up the others; a mesh that doesn't answer, and Ctrl-C, do. */
async function sendEach(
  session: Session,
  commands: readonly Command[],
  sending: Sending,
): Promise<Decided[]> {
  const decided: Decided[] = [];
  let { tell } = sending;
  for (const command of commands) {
    const { candidateId } = command;
    const before = `${decided.length} of ${commands.length} decided; `;
    const onProgress = (progress: Progress): void =>
      sending.onProgress(
        `${commands.length > 1 ? before : ""}${describeProgress(progress, command)}`,
      );
    try {
      const agreed = command.type === "approve" ? await agree(session, command, sending) : command;
      const receipt = await sendCommand(session, agreed, { ...sending, tell, onProgress });
      // All go to the same mesh.
      tell = undefined;
      decided.push({ candidateId, receipt });
    } catch (error) {
      const failure = explainError(error);
      decided.push({ candidateId, failure });
      if (GIVES_UP.includes(failure.exit)) break;
    }
  }
  const unsent = commands.length - decided.length;
  if (unsent > 0) note(`${unsent} of ${commands.length} were not sent`);
  return decided;
}

/** The next one would fare no better. */
const GIVES_UP: readonly number[] = [EXIT.unavailable, EXIT.interrupted, EXIT.internal];

async function printDecided(
  type: Verb,
  decided: readonly Decided[],
  { format, one }: { format: Globals["format"]; one: boolean },
): Promise<void> {
  const [first] = decided;
  const failed = decided.find((each) => "failure" in each);
  if (one && first) {
    // A single one that failed is the command's own failure.
    if ("failure" in first) throw new UserError(first.failure);
    return await print(format, first.receipt, (it) => renderReceipt(type, it));
  }
  if (failed) process.exitCode = failed.failure.exit;
  const rows = decided.map((each) =>
    "failure" in each
      ? { candidateId: each.candidateId, error: failureFields(each.failure) }
      : each.receipt,
  );
  await print(format, rows, () =>
    decided.length === 0
      ? "No candidates fit.\n"
      : decided
          .map((each) =>
            "failure" in each
              ? `refused    ${each.candidateId}  ${renderFailure(each.failure)}`
              : renderReceipt(type, each.receipt),
          )
          .join(""),
  );
}

function refuseOneEvidence(evidence: string | undefined): void {
  if (evidence === undefined) return;
  throw new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "--evidence is one candidate's digest",
    action: "Approve that one by itself, or leave the digest out: each is shown first.",
  });
}

function commandFrom(
  type: Verb,
  candidateId: CandidateId,
  options: DecisionOptions & { readonly as: string },
): Command {
  const given = {
    v: 1,
    type,
    id: commandIdNow(),
    candidateId,
    time: new Date().toISOString(),
    by: options.as,
    why: options.why,
    ...(options.evidence !== undefined && { evidence: sha256From(options.evidence) }),
    ...grantFrom(options),
  };
  const parsed = Command.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join(".") ?? "";
  throw new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${path === "" ? type : path} isn't valid`,
    value: path === "why" ? options.why : undefined,
    rule: issue?.message,
    action: "Correct it and send it again.",
  });
}
