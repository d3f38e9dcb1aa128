/** `baton doctor`: looks at everything, names each fault with its repair; changes nothing. */
import {
  examineDeep,
  EXAMINERS,
  examineServer,
  failureIn,
  fault,
  type Finding,
  openWorld,
  type Session,
  WHATEVER_IS_LOST,
} from "@baton/client";
import { colors, print } from "@baton/terminal";
import { counted } from "@baton/text/counted";
import { printable } from "@baton/text/printable";
import { EXIT } from "@baton/text/user-error";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";

/** Prints all findings; ends with 8 if one is a fault. */
export async function doctor(globals: Globals, deep = false): Promise<void> {
  await using session = await openCommandSession(globals);
  const findings = await examine(session, deep);
  const faults = findings.filter(({ level }) => level === "fault").length;
  const healthy = faults === 0;
  await print(globals.format, { healthy, faults, findings }, () => renderFindings(findings));
  if (!healthy) process.exitCode = EXIT.unavailable;
}

async function examine(session: Session, deep: boolean): Promise<Finding[]> {
  const { findings, jetstream } = await examineServer(session);
  if (!jetstream) return findings;
  const world = await openWorld(session);
  const found: (readonly [name: string, findings: readonly Finding[]])[] = [];
  for (const [name, examiner] of Object.entries(EXAMINERS))
    found.push([name, await findingsOf(name, () => examiner(world))]);
  findings.push(...lossFirst(found));
  if (deep) findings.push(...(await findingsOf("stored", () => examineDeep(world))));
  return findings;
}

/** While history is lost whatever else is found may follow from it: no advice of theirs may lead people to make it worse. */
export function lossFirst(
  found: readonly (readonly [name: string, findings: readonly Finding[]])[],
): Finding[] {
  const isLost = found.some(([, findings]) => findings.some(({ loss }) => loss === true));
  return found.flatMap(([name, findings]) =>
    !isLost || WHATEVER_IS_LOST.has(name) ? findings : findings.map(afterLoss),
  );
}

function afterLoss(finding: Finding): Finding {
  if (finding.repair === undefined) return finding;
  const repair =
    "First `history`: bring back what is lost, or accept the loss. This may follow from it; look again then.";
  return { ...finding, repair };
}

/** What one examiner finds; that it fails is a finding too, and keeps no other from looking. */
export async function findingsOf(
  name: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    const { found, repair } = failureIn(error);
    return [fault(name, `can't be examined${found}`, repair)];
  }
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
  const verdict = faults === 0 ? "healthy" : counted(faults, "fault");
  return `${lines.join("")}${verdict}\n`;
}
