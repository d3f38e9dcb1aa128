/** `baton submit FILE…`: everything about a file is checked before anything of it is stored; each file has its own outcome. */
import {
  type AcceptedReceipt,
  candidateIdFrom,
  describeProgress,
  durationFrom,
  type Progress,
  sendCommand,
  senderFrom,
  type Session,
  type SigningKey,
} from "@baton/client";
import type { CandidateId, Command, Entry } from "@baton/contracts";
import { interruptible } from "@baton/terminal";
import { UserError, EXIT } from "@baton/text/user-error";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";
import { endedShort } from "../render-receipt.ts";
import { checkFiles } from "./check-files.ts";
import { type FileOutcome, outcomeOf, printEnds, tell } from "./outcomes.ts";
import { upload } from "./own-data.ts";
import { readSpec, type ReadySpec, submitCommand } from "./prepare.ts";
import { refuseShortEnds, waitForEnd } from "./wait-for-end.ts";

/** What the command line said. */
export interface SubmitOptions extends Globals {
  readonly id?: string;
  readonly as?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
  /** Looks only: nothing is stored or sent, no server is needed. */
  readonly check?: boolean;
  /** Submits what isn't a candidate's specification, or whatever else, as it is. */
  readonly unchecked?: boolean;
}

const RECEIPT_MS = 10_000;
const END_MS = 86_400_000;

/** Submits every file and prints what became of each; with `wait`, follows the candidates to their end. */
export async function submit(files: readonly string[], options: SubmitOptions): Promise<void> {
  const timeoutMs =
    options.timeout === undefined ? undefined : durationFrom(options.timeout, "timeout");
  if (options.id !== undefined && files.length > 1) throw oneIdForMany(options.id);
  const id = options.id === undefined ? undefined : candidateIdFrom(options.id);
  if (options.check === true) return await checkFiles(files, { id, format: options.format });
  const outcomes = await submitEach(files, { id, timeoutMs, options });
  const receipts = outcomes.flatMap((of) => ("done" in of ? [of.done] : []));
  const follows = options.wait === true && receipts.length > 0;
  const ends = follows ? await followAll(receipts, options, timeoutMs) : undefined;
  await printEnds(outcomes, ends, options.format);
  const failed = outcomes.find((of) => "failure" in of);
  if (failed) process.exitCode = failed.failure.exit;
  else if (ends) refuseShortEnds(ends);
  else if (receipts.some(endedShort)) process.exitCode = EXIT.conflict;
}

interface Submitting {
  readonly id: CandidateId | undefined;
  readonly timeoutMs: number | undefined;
  readonly options: SubmitOptions;
}

function submitEach(
  files: readonly string[],
  { id, timeoutMs, options }: Submitting,
): Promise<FileOutcome<AcceptedReceipt>[]> {
  const sender = senderFrom(options.as, options);
  const log: SendingLog = { accepted: [], current: undefined };
  return interruptible(
    () => describeSending(log),
    async () => {
      const ready: FileOutcome<ToSend>[] = [];
      for (const file of files)
        ready.push(
          await outcomeOf(file, async () => {
            const spec = await readSpec(file, { id, unchecked: options.unchecked });
            return { spec, command: submitCommand(spec, sender) };
          }),
        );
      const receiptMs = options.wait === true ? RECEIPT_MS : (timeoutMs ?? RECEIPT_MS);
      return await sendAll(ready, { log, receiptMs, key: sender.key, options });
    },
  );
}

/** A file that is ready, and the command that submits it. */
interface ToSend {
  readonly spec: ReadySpec;
  readonly command: Command;
}

/** How far it has come; told on Ctrl-C. */
interface SendingLog {
  readonly accepted: string[];
  current: { readonly command: Command; progress: Progress } | undefined;
}

function describeSending({ accepted, current }: SendingLog): string {
  const before = accepted.length > 0 ? `accepted: ${accepted.join(", ")}; ` : "";
  if (!current) return accepted.length > 0 ? `${before}nothing else was sent` : "nothing was sent";
  return before + describeProgress(current.progress, current.command);
}

interface Sending {
  readonly log: SendingLog;
  readonly receiptMs: number;
  readonly key: SigningKey | undefined;
  readonly options: SubmitOptions;
}

/** The next one would fare no better. */
const GIVES_UP: readonly number[] = [EXIT.unavailable, EXIT.interrupted, EXIT.internal];

/** One after the other, and each is told at once. One that is refused doesn't hold up the others; a mesh that is away does. */
async function sendAll(
  ready: readonly FileOutcome<ToSend>[],
  sending: Sending,
): Promise<FileOutcome<AcceptedReceipt>[]> {
  const one = ready.length === 1;
  const outcomes: FileOutcome<AcceptedReceipt>[] = [];
  await using sessions = lazily(() => openCommandSession(sending.options));
  let gaveUp: UserError["details"] | undefined;
  for (const of of ready) {
    const outcome =
      "failure" in of
        ? of
        : gaveUp
          ? { file: of.file, failure: { ...gaveUp, message: `not sent: ${gaveUp.message}` } }
          : await outcomeOf(of.file, async () => sendOne(await sessions.get(), of.done, sending));
    // A single one that failed is the command's own failure.
    if (one && "failure" in outcome) throw new UserError(outcome.failure);
    if ("done" in of && "failure" in outcome && GIVES_UP.includes(outcome.failure.exit))
      gaveUp ??= outcome.failure;
    outcomes.push(outcome);
    await tell(outcome, { format: sending.options.format, one });
  }
  return outcomes;
}

async function sendOne(
  session: Session,
  { spec, command }: ToSend,
  { log, receiptMs, key }: Sending,
): Promise<AcceptedReceipt> {
  const current: NonNullable<SendingLog["current"]> = { command, progress: "unsent" };
  log.current = current;
  if (spec.uploads.length > 0) await upload(spec.uploads, session.artifacts);
  const receipt = await sendCommand(session, command, {
    timeoutMs: receiptMs,
    key,
    onProgress: (progress) => void (current.progress = progress),
  });
  log.accepted.push(command.candidateId);
  log.current = undefined;
  return receipt;
}

/** Opens it when it is first needed: where every file is wrong, no server is asked. */
function lazily(open: () => Promise<Session>) {
  let opened: Promise<Session> | undefined;
  return {
    get: () => (opened ??= open()),
    async [Symbol.asyncDispose](): Promise<void> {
      const session = await opened?.catch(() => undefined);
      await session?.[Symbol.asyncDispose]();
    },
  };
}

async function followAll(
  receipts: readonly AcceptedReceipt[],
  options: SubmitOptions,
  timeoutMs: number | undefined,
): Promise<Entry[]> {
  await using session = await openCommandSession(options);
  return await waitForEnd(session, receipts, {
    withinMs: timeoutMs ?? END_MS,
    format: options.format,
  });
}

function oneIdForMany(id: string): UserError {
  return new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "--id names one candidate, but several files were given",
    value: id,
    action: "Submit the files one by one, or leave --id out.",
  });
}
