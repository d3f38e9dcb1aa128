/** `baton doctor`: looks at everything, names each fault with its repair; changes nothing. */
import { STREAMS } from "@baton/contracts";

import { EXIT } from "../cli-error.ts";
import { colors } from "../colors.ts";
import type { Globals } from "../globals.ts";
import { print } from "../output.ts";
import { printable } from "../printable.ts";
import { openSession, type Session } from "../session.ts";
import { examineAdvisories } from "./examine-advisories.ts";
import { examineCandidates } from "./examine-candidates.ts";
import { examineControls } from "./examine-controls.ts";
import { examineClock, examineServer } from "./examine-server.ts";
import { examineConsumers, examineStreams, streamInfo } from "./examine-streams.ts";
import type { Finding } from "./finding.ts";

/** Prints all findings; ends with 8 if one is a fault. */
export async function doctor(globals: Globals): Promise<void> {
  await using session = await openSession(globals);
  const findings = await examine(session);
  const faults = findings.filter(({ level }) => level === "fault").length;
  const healthy = faults === 0;
  await print(globals.format, { healthy, faults, findings }, () => renderFindings(findings));
  if (!healthy) process.exitCode = EXIT.unavailable;
}

async function examine(session: Session): Promise<Finding[]> {
  const { findings, jetstream } = await examineServer(session);
  if (!jetstream) return findings;
  const sentMs = Date.now();
  const journal = await streamInfo(session, STREAMS.journal.name);
  findings.push(...(journal ? [examineClock(journal.ts, sentMs, Date.now())] : []));
  findings.push(...(await examineStreams(session)), ...(await examineConsumers(session)));
  if (journal) {
    const serverNow = journal.ts === undefined ? Date.now() : Date.parse(journal.ts);
    const controlled = await examineControls(session, serverNow);
    findings.push(...controlled.findings);
    findings.push(...(await examineCandidates(session, serverNow, controlled.controls)));
  }
  if (await streamInfo(session, STREAMS.advisories.name))
    findings.push(...(await examineAdvisories(session)));
  return findings;
}

const MARKS: Readonly<Record<Finding["level"], (text: string) => string>> = {
  ok: colors.green,
  note: colors.yellow,
  fault: colors.red,
};

/** Findings as lines, with the repair below each that has one, and a verdict at the end. */
export function renderFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  const lines = findings.map(({ level, about, found, repair }) => {
    const head = `${MARKS[level](level.padEnd(5))}  ${about.padEnd(width)}  ${printable(found)}\n`;
    return repair === undefined
      ? head
      : `${head}${" ".repeat(width + 9)}do: ${printable(repair)}\n`;
  });
  const faults = findings.filter(({ level }) => level === "fault").length;
  const verdict = faults === 0 ? "healthy" : faults === 1 ? "1 fault" : `${faults} faults`;
  return `${lines.join("")}${verdict}\n`;
}
