/** Sends a command and waits for the coordinator's receipt. */
import { randomBytes } from "node:crypto";

import {
  type Command,
  commandSubject,
  type ControlCommand,
  Receipt,
  REPLY_HEADER,
} from "@baton/contracts";
import { openPublisher, Unavailable, watchConnection } from "@baton/mesh";

import { CliError, EXIT, exitOf } from "./cli-error.ts";
import { type AnyCommand, commandName, untilDecided, whereSeen } from "./command-words.ts";
import type { SigningKey } from "./key-file.ts";
import type { Session } from "./session.ts";
import { signCommand } from "./sign-command.ts";
import { durationText } from "./time-text.ts";

/** How far a command has come; told on Ctrl-C. */
export type Progress = "unsent" | "sent" | "stored" | "decided";

type Granted<K extends Receipt["outcome"]["kind"]> = Receipt & {
  outcome: Extract<Receipt["outcome"], { kind: K }>;
};
/** A receipt that says yes to a command about a candidate. */
export type AcceptedReceipt = Granted<"accepted">;
/** The same of one about the whole mesh. */
export type ControlledReceipt = Granted<"controlled">;

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
 * Stores a command about a candidate and answers with its receipt. Throws `CliError` for a refusal, and E_UNAVAILABLE when
 * nobody decided in time: it is stored then and will be decided when a coordinator runs.
 */
export async function sendCommand(
  session: Pick<Session, "nc">,
  command: Command,
  options: SendOptions,
): Promise<AcceptedReceipt> {
  const { outcome, ...receipt } = await exchange(session, command, options);
  if (outcome.kind === "accepted") return { ...receipt, outcome };
  throw outcome.kind === "refused" ? refused(outcome) : mixedUp(command);
}

/** The same for a command about the whole mesh. */
export async function sendControl(
  session: Pick<Session, "nc">,
  command: ControlCommand,
  options: SendOptions,
): Promise<ControlledReceipt> {
  const { outcome, ...receipt } = await exchange(session, command, options);
  if (outcome.kind === "controlled") return { ...receipt, outcome };
  throw outcome.kind === "refused" ? refused(outcome) : mixedUp(command);
}

async function exchange(
  { nc }: Pick<Session, "nc">,
  command: AnyCommand,
  { timeoutMs, onProgress, key }: SendOptions,
): Promise<Receipt> {
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
      return Receipt.parse(message.json());
    }
    throw undecided(command, timeoutMs);
  } finally {
    subscription.unsubscribe();
    publisher.close();
  }
}

function refused(outcome: Extract<Receipt["outcome"], { kind: "refused" }>): CliError {
  const { code, message, action } = outcome;
  return new CliError({ code, exit: exitOf(code), message, action });
}

function mixedUp(command: AnyCommand): Error {
  return new Error(`${commandName(command)} got a receipt of another kind of command`);
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

function unknownOutcome(command: AnyCommand, cause: Unavailable): CliError {
  return new CliError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `${describeProgress("sent", command)} (${cause.message})`,
    action: `${whereSeen(command)} first; then send it again if it isn't there.`,
    cause,
  });
}

function undecided(command: AnyCommand, timeoutMs: number): CliError {
  return new CliError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `${commandName(command)} is stored as command ${command.id}, but nobody decided on it in ${durationText(timeoutMs)}`,
    rule: "a coordinator must run",
    action: `Don't send it again: it is decided when a coordinator runs. ${untilDecided(command)}\`baton doctor\` says what is missing; ${whereSeen(command)} shows the outcome.`,
  });
}

/** What Ctrl-C says about a command that has come so far. */
export function describeProgress(
  progress: Progress,
  command: Parameters<typeof commandName>[0],
): string {
  const name = commandName(command);
  switch (progress) {
    case "unsent":
      return `${name} was not sent`;
    case "sent":
      return `unknown whether ${name} was accepted: run ${whereSeen(command)}`;
    case "stored":
      return `${name} is stored, not decided yet: run ${whereSeen(command)}`;
    case "decided":
      return `${name} was decided`;
  }
}
