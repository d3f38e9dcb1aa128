/** `baton submit FILE…`: reads and checks everything first, so that a wrong file means that nothing was sent. */
import type { Entry } from "@baton/contracts";

import { durationFrom } from "../arguments.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { Globals } from "../globals.ts";
import { interruptible } from "../interrupt.ts";
import { print, write } from "../output.ts";
import { endedShort, renderReceipt } from "../render-receipt.ts";
import {
  type AcceptedReceipt,
  describeProgress,
  type Progress,
  sendCommand,
} from "../send-command.ts";
import { openSession, type Session } from "../session.ts";
import { upload } from "./own-data.ts";
import { prepare, type Submission } from "./prepare.ts";
import { refuseShortEnds, waitForEnd } from "./wait-for-end.ts";

/** What the command line said. */
export interface SubmitOptions extends Globals {
  readonly id?: string;
  readonly as?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
}

const RECEIPT_MS = 10_000;
const END_MS = 86_400_000;

/** Submits every file and prints the receipts; with `wait`, follows the candidates to their end. */
export async function submit(files: readonly string[], options: SubmitOptions): Promise<void> {
  const timeoutMs =
    options.timeout === undefined ? undefined : durationFrom(options.timeout, "timeout");
  if (options.id !== undefined && files.length > 1) throw oneIdForMany(options.id);
  const log: SendingLog = { accepted: [], current: undefined };
  const receipts = await interruptible(
    () => describeSending(log),
    async () => {
      const submissions: Submission[] = [];
      for (const file of files) submissions.push(await prepare(file, options));
      await using session = await openSession(options);
      const receiptMs = options.wait === true ? RECEIPT_MS : (timeoutMs ?? RECEIPT_MS);
      return await sendAll(session, submissions, { log, receiptMs, options });
    },
  );
  const ends = options.wait === true ? await followAll(receipts, options, timeoutMs) : undefined;
  await printJson(receipts, ends, options);
  if (ends) refuseShortEnds(ends);
  if (receipts.some(endedShort)) process.exitCode = EXIT.conflict;
}

/** How far it has come; told on Ctrl-C. */
interface SendingLog {
  readonly accepted: string[];
  current: { readonly command: Submission["command"]; progress: Progress } | undefined;
}

function describeSending({ accepted, current }: SendingLog): string {
  const before = accepted.length > 0 ? `accepted: ${accepted.join(", ")}; ` : "";
  if (!current) return accepted.length > 0 ? `${before}nothing else was sent` : "nothing was sent";
  return before + describeProgress(current.progress, current.command);
}

async function sendAll(
  session: Session,
  submissions: readonly Submission[],
  { log, receiptMs, options }: { log: SendingLog; receiptMs: number; options: SubmitOptions },
): Promise<AcceptedReceipt[]> {
  await uploadAll(session, submissions);
  const receipts: AcceptedReceipt[] = [];
  for (const { command, key } of submissions) {
    const current: { command: Submission["command"]; progress: Progress } = {
      command,
      progress: "unsent",
    };
    log.current = current;
    const receipt = await sendCommand(session, command, {
      timeoutMs: receiptMs,
      key,
      onProgress: (progress) => void (current.progress = progress),
    });
    log.accepted.push(command.candidateId);
    log.current = undefined;
    receipts.push(receipt);
    if (options.format === "table") await write(renderReceipt("submit", receipt));
  }
  return receipts;
}

async function uploadAll(session: Session, submissions: readonly Submission[]): Promise<void> {
  const files = submissions.flatMap(({ uploads }) => uploads);
  if (files.length === 0) return;
  await upload(files, session.artifacts);
}

async function followAll(
  receipts: readonly AcceptedReceipt[],
  options: SubmitOptions,
  timeoutMs: number | undefined,
): Promise<Entry[]> {
  await using session = await openSession(options);
  return await waitForEnd(session, receipts, {
    withinMs: timeoutMs ?? END_MS,
    format: options.format,
  });
}

/** One document for a program: the receipt, or a list of them; with `--wait` each with where it ended. */
async function printJson(
  receipts: readonly AcceptedReceipt[],
  ends: readonly Entry[] | undefined,
  { format }: SubmitOptions,
): Promise<void> {
  if (format === "table") return;
  const results = receipts.map((receipt) => {
    if (!ends) return receipt;
    const end = ends.find(({ candidateId }) => candidateId === receipt.candidateId);
    if (!end) return receipt;
    const { holder, reason, stage, runId, detail } = end;
    return { ...receipt, end: { holder, reason, stage, runId, detail } };
  });
  await print(format, results.length === 1 ? results[0] : results, String);
}

function oneIdForMany(id: string): CliError {
  return new CliError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "--id names one candidate, but several files were given",
    value: id,
    action: "Submit the files one by one, or leave --id out.",
  });
}
