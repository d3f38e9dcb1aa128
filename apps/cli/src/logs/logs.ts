/** `baton logs ID`: what programs from outside wrote, as text that no terminal obeys. */
import {
  candidateTextFrom,
  findCandidate,
  readReports,
  runIdFrom,
  type Session,
} from "@baton/client";
import type { StoredReport, WorkDone } from "@baton/contracts";
import { print } from "@baton/terminal";
import { printableLines } from "@baton/text/printable";
import { EXIT, UserError } from "@baton/text/user-error";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";

interface LogsOptions extends Globals {
  readonly stage?: string;
  readonly attempt?: string;
  readonly run?: string;
}

/** Prints the latest one that fits. */
export async function logs(id: string, options: LogsOptions): Promise<void> {
  const typed = candidateTextFrom(id);
  const runId = options.run === undefined ? undefined : runIdFrom(options.run);
  const attempt = options.attempt === undefined ? undefined : attemptFrom(options.attempt);
  await using session = await openCommandSession(options);
  const candidateId = await findCandidate(session, typed);
  const reports = await readReports(session, candidateId);
  const fitting = reports.filter(
    ({ report }) =>
      (options.stage === undefined || report.stage === options.stage) &&
      (attempt === undefined || report.attempt === attempt) &&
      (runId === undefined || report.runId === runId),
  );
  const latest = fitting.findLast(({ report }) => report.work?.log !== undefined);
  if (latest === undefined) throw nothing(candidateId, reports);
  const { stage, attempt: of, runId: run, work } = latest.report;
  const text = await textOf(session, work?.log);
  const value = { candidateId, stage, runId: run, attempt: of, work, text };
  await print(options.format, value, () => text);
}

async function textOf(session: Session, log: WorkDone["log"]): Promise<string> {
  const bytes = log && (await session.artifacts.get(log.sha256));
  if (bytes) return printableLines(new TextDecoder().decode(bytes));
  throw new UserError({
    code: "E_ARTIFACT",
    exit: EXIT.conflict,
    message: "what it wrote was stored, and isn't there any more",
    value: log?.sha256,
    action: "`baton doctor --deep` says what else is missing.",
  });
}

function attemptFrom(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UserError({
    code: "E_USAGE",
    exit: EXIT.usage,
    message: "--attempt isn't the number of an attempt",
    value: text,
    rule: "a whole number from 1",
    action: "`baton describe ID` lists the attempts.",
  });
}

function nothing(candidateId: string, reports: readonly StoredReport[]): UserError {
  const attempts = reports.flatMap(({ report: { stage, runId, attempt, work } }) =>
    work?.log ? [`${stage} attempt ${attempt} of ${runId}`] : [],
  );
  return new UserError({
    code: "E_NOT_FOUND",
    exit: EXIT.notFound,
    message: `${candidateId} has no such log`,
    action:
      attempts.length === 0
        ? "Programs from outside write logs, where the playbook has one; what lanes do themselves is in their own."
        : `There are those of ${attempts.slice(-10).join(", ")}.`,
  });
}
