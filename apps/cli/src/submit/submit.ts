/** `baton submit FILE…`: reads and checks everything first, so that a wrong file means that nothing was sent. */
import { CandidateSpec, Command, STREAMS } from "@baton/contracts";
import { openArtifacts } from "@baton/mesh";
import { candidateIdOf } from "@baton/playbook";

import { candidateIdFrom, durationFrom, identityFrom } from "../arguments.ts";
import { CliError, EXIT } from "../cli-error.ts";
import type { Globals } from "../globals.ts";
import { operatingSystemUser } from "../identity.ts";
import { interruptible } from "../interrupt.ts";
import { note, print } from "../output.ts";
import { renderReceipt } from "../render-receipt.ts";
import {
  type AcceptedReceipt,
  commandIdNow,
  describeProgress,
  type Progress,
  sendCommand,
} from "../send-command.ts";
import { openSession, type Session } from "../session.ts";
import { prepareOwnData, type PreparedSpec, upload } from "./own-data.ts";
import { checkSpecSize, parseSpec } from "./parse-spec.ts";
import { readInput } from "./read-input.ts";
import { waitForEnd } from "./wait-for-end.ts";

/** What the command line said. */
export interface SubmitOptions extends Globals {
  readonly id?: string;
  readonly as?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
}

/** Comments count here, the document itself may have 16 KiB. */
const FILE_LIMITS = {
  maxBytes: 256 * 1024,
  limit: "256 KiB per specification file, 16 KiB as JSON",
  silentMs: 10_000,
};
const RECEIPT_MS = 10_000;
const END_MS = 86_400_000;

interface Submission extends PreparedSpec {
  readonly file: string;
  readonly command: Command;
}

/** Submits every file and prints the receipts; with `wait`, follows the candidates to their end. */
export async function submit(files: readonly string[], options: SubmitOptions): Promise<void> {
  const timeoutMs =
    options.timeout === undefined ? undefined : durationFrom(options.timeout, "timeout");
  if (options.id !== undefined && files.length > 1) throw oneIdForMany(options.id);
  const submissions: Submission[] = [];
  for (const file of files) submissions.push(await prepare(file, options));

  await using session = await openSession(options);
  await uploadAll(session, submissions);
  const receipts: AcceptedReceipt[] = [];
  for (const submission of submissions) {
    const wait = options.wait === true ? RECEIPT_MS : (timeoutMs ?? RECEIPT_MS);
    const receipt = await sendOne(session, submission, wait);
    receipts.push(receipt);
    if (options.format === "table")
      await print("table", receipt, (one) => renderReceipt("submit", one));
  }
  if (options.format !== "table") {
    const [only] = receipts;
    await print(options.format, receipts.length === 1 ? only : receipts, String);
  }
  if (options.wait === true) {
    await waitForEnd(session, receipts, { withinMs: timeoutMs ?? END_MS, format: options.format });
  }
}

async function prepare(file: string, options: SubmitOptions): Promise<Submission> {
  const document = parseSpec(await readInput(file, FILE_LIMITS), nameOf(file));
  const { spec, uploads } = await prepareOwnData(document, file);
  checkSpecSize(spec, nameOf(file));
  adviseOn(spec, nameOf(file));
  const command = Command.safeParse({
    v: 1,
    type: "submit",
    id: commandIdNow(),
    candidateId: options.id === undefined ? candidateIdOf(spec) : candidateIdFrom(options.id),
    time: new Date().toISOString(),
    by: identityFrom(options.as ?? operatingSystemUser()),
    spec,
  });
  if (command.success) return { file, spec, uploads, command: command.data };
  const issue = command.error.issues[0];
  throw new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `${nameOf(file)}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a specification"}`,
    action: "Correct the file and submit it again; nothing was stored.",
  });
}

/** Lane A decides what a specification means; a person likes to hear it at once. */
function adviseOn(spec: Record<string, unknown>, file: string): void {
  if (spec["schema"] !== "baton.candidate.v1") return;
  for (const { path, message } of CandidateSpec.safeParse(spec).error?.issues ?? []) {
    note(`${file}: ${path.join(".")}: ${message} (submitted all the same; lane-a will refuse it)`);
  }
}

async function uploadAll(session: Session, submissions: readonly Submission[]): Promise<void> {
  const files = submissions.flatMap(({ uploads }) => uploads);
  if (files.length === 0) return;
  const { config } = await session.jsm.streams.info(STREAMS.journal.name);
  await upload(files, await openArtifacts(session.js, config.num_replicas));
}

async function sendOne(
  session: Session,
  { command }: Submission,
  timeoutMs: number,
): Promise<AcceptedReceipt> {
  let progress: Progress = "unsent";
  const onProgress = (next: Progress): void => void (progress = next);
  return await interruptible(
    () => describeProgress(progress, command),
    () => sendCommand(session, command, { timeoutMs, onProgress }),
  );
}

function nameOf(file: string): string {
  return file === "-" ? "standard input" : file;
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
