/** Sends a command and waits for the coordinator's receipt. */
import { createHash, randomBytes } from "node:crypto";

import {
  type Command,
  commandSubject,
  type ControlCommand,
  Receipt,
  RECEIPT_INBOX,
  REPLY_HEADER,
} from "@baton/contracts";
import { openPublisher, Unavailable, watchConnection } from "@baton/mesh";
import { UserError, EXIT, exitOf } from "@baton/text/user-error";
import { type AnyCommand, commandName, durationText, untilDecided, whereSeen } from "@baton/views";

import type { SigningKey } from "../people/key-file.ts";
import { faultOf, meshMeant } from "../session/mesh-meant.ts";
import type { Session } from "../session/session.ts";
import { signCommand } from "./sign-command.ts";

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
  /** Told once where it goes. */
  readonly tell?: ((line: string) => void) | undefined;
}

/** What sending needs of a session. */
export type SendSession = Pick<Session, "nc" | "jsm" | "address" | "trusts">;

/** A fresh id for a command. */
export function commandIdNow(): string {
  return `cmd-${randomBytes(10).toString("hex")}`;
}

/**
 * Stores a command about a candidate and answers with its receipt. Throws `UserError` for a refusal, and E_UNAVAILABLE when
 * nobody decided in time: it is stored then and will be decided when a coordinator runs.
 */
export async function sendCommand(
  session: SendSession,
  command: Command,
  options: SendOptions,
): Promise<AcceptedReceipt> {
  const { outcome, ...receipt } = await exchange(session, command, options);
  if (outcome.kind === "accepted") return { ...receipt, outcome };
  throw outcome.kind === "refused" ? refused(outcome) : mixedUp(command);
}

/** The same for a command about the whole mesh. */
export async function sendControl(
  session: SendSession,
  command: ControlCommand,
  options: SendOptions,
): Promise<ControlledReceipt> {
  const { outcome, ...receipt } = await exchange(session, command, options);
  if (outcome.kind === "controlled") return { ...receipt, outcome };
  throw outcome.kind === "refused" ? refused(outcome) : mixedUp(command);
}

async function exchange(
  session: SendSession,
  command: AnyCommand,
  { timeoutMs, onProgress, key, tell }: SendOptions,
): Promise<Receipt> {
  const { nc, address } = session;
  const mesh = await meshMeant(session, { signed: key !== undefined });
  tell?.(`to ${mesh.name} on ${address.url} (from ${address.source})`);
  const addressed = { ...command, mesh: mesh.name };
  const payload = JSON.stringify(key ? signCommand(addressed, key, new Date()) : addressed);
  const { candidateId, id: commandId } = command;
  const inbox = `${RECEIPT_INBOX}.${randomBytes(12).toString("hex")}`;
  const subscription = nc.subscribe(inbox);
  const publisher = openPublisher(nc);
  try {
    onProgress("sent");
    await publisher
      .publish({
        subject: commandSubject({ candidateId, commandId }),
        payload,
        headers: { [REPLY_HEADER]: inbox },
      })
      .catch((error: unknown) => {
        if (watchConnection(nc).denials > 0) throw notForUs(nc);
        throw error instanceof Unavailable ? unknownOutcome(command, error) : error;
      });
    onProgress("stored");
    const timer = setTimeout(() => subscription.unsubscribe(), timeoutMs);
    const sha256 = createHash("sha256").update(payload).digest("hex");
    const answer = await firstOf(subscription, { id: commandId, sha256, mesh });
    clearTimeout(timer);
    if ("fault" in answer) throw undecided(command, timeoutMs, answer.fault);
    onProgress("decided");
    return answer.receipt;
  } finally {
    subscription.unsubscribe();
    publisher.close();
  }
}

/** The inbox's address is stored with the command, so others who may read that can answer too. */
const MAX_ANSWERS = 1000;

/** The first answer that the mesh gave to this command; what else came is no answer, and the last one's fault is told. */
async function firstOf(
  subscription: AsyncIterable<{ readonly data: Uint8Array }>,
  to: Parameters<typeof faultOf>[1],
): Promise<{ readonly receipt: Receipt } | { readonly fault: string | undefined }> {
  let fault: string | undefined;
  let seen = 0;
  for await (const { data } of subscription) {
    const value = objectIn(data);
    const parsed = Receipt.safeParse(value);
    fault =
      value === undefined || !parsed.success
        ? "it is no receipt"
        : faultOf({ receipt: parsed.data, value }, to);
    if (fault === undefined && parsed.success) return { receipt: parsed.data };
    if ((seen += 1) >= MAX_ANSWERS) break;
  }
  return { fault };
}

function objectIn(data: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(data));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function refused(outcome: Extract<Receipt["outcome"], { kind: "refused" }>): UserError {
  const { code, message, action } = outcome;
  return new UserError({ code, exit: exitOf(code), message, action });
}

function mixedUp(command: AnyCommand): Error {
  return new Error(`${commandName(command)} got a receipt of another kind of command`);
}

function notForUs(nc: Session["nc"]): UserError {
  return new UserError({
    code: "E_DENIED",
    exit: EXIT.notAuthorised,
    message: `the server refused to take it: our key isn't one that may publish ${watchConnection(nc).lastDenial?.subject}`,
    action:
      "Nothing was sent. Set BATON_NATS_SEED_FILE to the file with the nkey seed for the command line (kind `cli`).",
  });
}

function unknownOutcome(command: AnyCommand, cause: Unavailable): UserError {
  return new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `${describeProgress("sent", command)} (${cause.message})`,
    action: `${whereSeen(command)} first; then send it again if it isn't there.`,
    cause,
  });
}

function undecided(command: AnyCommand, timeoutMs: number, fault: string | undefined): UserError {
  if (fault !== undefined) return notFromTheMesh(command, fault);
  return new UserError({
    code: "E_UNAVAILABLE",
    exit: EXIT.unavailable,
    message: `${commandName(command)} is stored as command ${command.id}, but nobody decided on it in ${durationText(timeoutMs)}`,
    rule: "a coordinator must run",
    action: `Don't send it again: it is decided when a coordinator runs. ${untilDecided(command)}\`baton doctor\` says what is missing; ${whereSeen(command)} shows the outcome.`,
  });
}

function notFromTheMesh(command: AnyCommand, fault: string): UserError {
  return new UserError({
    code: "E_DENIED",
    exit: EXIT.notAuthorised,
    message: `${commandName(command)} is stored as command ${command.id}, but what answered isn't the mesh that you trust: ${fault}`,
    rule: "a receipt is signed by the mesh's coordinator and names the command's digest",
    action: `Nothing of it is believed: ${whereSeen(command)} shows the outcome. If the coordinator's key was changed, whoever keeps the mesh gives you the new line for \`baton trust\`; otherwise tell them that somebody else answers.`,
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
