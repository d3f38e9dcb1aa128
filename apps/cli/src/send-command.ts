/** Sends a command and waits for the coordinator's receipt. */
import { randomBytes } from "node:crypto";

import { type Command, commandSubject, Receipt, REPLY_HEADER } from "@baton/contracts";
import { openPublisher, Unavailable, watchConnection } from "@baton/mesh";

import { CliError, EXIT, exitOf } from "./cli-error.ts";
import type { SigningKey } from "./key-file.ts";
import type { Session } from "./session.ts";
import { signCommand } from "./sign-command.ts";
import { durationText } from "./time-text.ts";

/** How far a command has come; told on Ctrl-C. */
export type Progress = "unsent" | "sent" | "stored" | "decided";

/** A receipt that says yes. */
export type AcceptedReceipt = Receipt & {
  outcome: Extract<Receipt["outcome"], { kind: "accepted" }>;
};

/** What sending takes. */
export interface SendOptions {
  /** Longest wait for the receipt, in milliseconds. */
  readonly timeoutMs: number;
  readonly onProgress: (progress: Progress) => void;
  /** Signs it as it is sent: it counts for ten minutes. Undefined: it goes unsigned. */
  readonly key?: SigningKey | undefined;
}

/** A fresh id for a command. */
export function commandIdNow(): string {
  return `cmd-${randomBytes(10).toString("hex")}`;
}

/**
 * Stores the command and answers with its receipt. Throws `CliError` for a refusal, and E_UNAVAILABLE when nobody
 * decided in time: it is stored then and will be decided when a coordinator runs.
 */
export async function sendCommand(
  { nc }: Pick<Session, "nc">,
  command: Command,
  { timeoutMs, onProgress, key }: SendOptions,
): Promise<AcceptedReceipt> {
  const inbox = `_INBOX.baton-cli.${randomBytes(12).toString("hex")}`;
  const subscription = nc.subscribe(inbox, { max: 1 });
  const publisher = openPublisher(nc);
  try {
    onProgress("sent");
    const { candidateId, id: commandId } = command;
    await publisher
      .publish({
        subject: commandSubject({ candidateId, commandId }),
        payload: JSON.stringify(key ? signCommand(command, key, new Date()) : command),
        headers: { [REPLY_HEADER]: inbox },
      })
      .catch((error: unknown) => {
        if (watchConnection(nc).denials > 0) throw notForUs(nc);
        throw error instanceof Unavailable ? unknownOutcome(command, error) : error;
      });
    onProgress("stored");
    const timer = setTimeout(() => subscription.unsubscribe(), timeoutMs);
    for await (const message of subscription) {
      clearTimeout(timer);
      onProgress("decided");
      return accepted(Receipt.parse(message.json()));
    }
    throw undecided(command, timeoutMs);
  } finally {
    subscription.unsubscribe();
    publisher.close();
  }
}

function accepted({ outcome, ...receipt }: Receipt): AcceptedReceipt {
  if (outcome.kind === "accepted") return { ...receipt, outcome };
  throw new CliError({
    code: outcome.code,
    exit: exitOf(outcome.code),
    message: outcome.message,
    action: outcome.action,
  });
}

function notForUs(nc: Session["nc"]): CliError {
  return new CliError({
    code: "E_DENIED",
    exit: EXIT.notAuthorised,
    message: `the server refused to take it: our key isn't one that may publish ${watchConnection(nc).lastDenial?.subject}`,
    action:
      "Nothing was sent. Set BATON_NATS_SEED_FILE to the file with the nkey seed for the command line (kind `cli`).",
  });
}

function unknownOutcome(command: Command, cause: Unavailable): CliError {
  return new CliError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `${describeProgress("sent", command)} (${cause.message})`,
    action: `\`baton describe ${command.candidateId}\` first; then send it again if it isn't there.`,
    cause,
  });
}

function undecided({ id, candidateId, type }: Command, timeoutMs: number): CliError {
  return new CliError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `${type} of ${candidateId} is stored as command ${id}, but nobody decided on it in ${durationText(timeoutMs)}`,
    rule: "a coordinator must run",
    action: `Don't send it again: it is decided when a coordinator runs. \`baton doctor\` says what is missing; \`baton describe ${candidateId}\` shows the outcome.`,
  });
}

/** What Ctrl-C says about a command that has come so far. */
export function describeProgress(
  progress: Progress,
  what: { candidateId: string; type: string },
): string {
  switch (progress) {
    case "unsent":
      return `${what.type} of ${what.candidateId} was not sent`;
    case "sent":
      return `unknown whether ${what.type} of ${what.candidateId} was accepted: run \`baton describe ${what.candidateId}\``;
    case "stored":
      return `${what.type} of ${what.candidateId} is stored, not decided yet: run \`baton describe ${what.candidateId}\``;
    case "decided":
      return `${what.type} of ${what.candidateId} was decided`;
  }
}
