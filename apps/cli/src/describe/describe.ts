/** `baton describe ID`: everything that is known about a candidate. */
import {
  candidateTextFrom,
  findCandidate,
  readEntries,
  readReports,
  readWhole,
} from "@baton/client";
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
  const { entry } = entries.at(-1) ?? entries[0];
  const basis = await readWhole(session, entry).then(
    ({ spec, artifacts, feedback, walkForward }) => ({ spec, artifacts, feedback, walkForward }),
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const known = { candidateId, entries, reports, basis };
  await print(globals.format, known, () =>
    renderDescription(known, { now: Date.now(), width: terminalWidth() }),
  );
}
