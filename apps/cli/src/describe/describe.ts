/** `baton describe ID`: everything that is known about a candidate. */
import { candidateTextFrom, findCandidate, readEntries, readReports } from "@baton/client";
import { print, terminalWidth } from "@baton/terminal";
import { renderDescription } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";

/** Prints it. */
export async function describe(id: string, globals: Globals): Promise<void> {
  const typed = candidateTextFrom(id);
  await using session = await openCommandSession(globals);
  const candidateId = await findCandidate(session, typed);
  const [entries, reports] = await Promise.all([
    readEntries(session, candidateId),
    readReports(session, candidateId),
  ]);
  const known = { candidateId, entries, reports };
  await print(globals.format, known, () =>
    renderDescription(known, { now: Date.now(), width: terminalWidth() }),
  );
}
