/** `baton artifacts list ID` */
import { candidateTextFrom, findCandidate, readLast } from "@baton/client";
import { print } from "@baton/terminal";
import { renderArtifacts } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";

/** Lists the artifacts that the candidate's last entry names. */
export async function listArtifacts(id: string, globals: Globals): Promise<void> {
  const typed = candidateTextFrom(id);
  await using session = await openCommandSession(globals);
  const { entry } = await readLast(session, await findCandidate(session, typed));
  await print(globals.format, entry.artifacts, (list) => renderArtifacts(list));
}
