import { renderArtifacts } from "@baton/views";

/** `baton artifacts list ID` */
import { candidateTextFrom } from "../arguments.ts";
import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";
import { findCandidate } from "../journal/find-candidate.ts";
import { readLast } from "../journal/read-candidate.ts";
import { print } from "../output.ts";

/** Lists the artifacts that the candidate's last entry names. */
export async function listArtifacts(id: string, globals: Globals): Promise<void> {
  const typed = candidateTextFrom(id);
  await using session = await openCommandSession(globals);
  const { entry } = await readLast(session, await findCandidate(session, typed));
  await print(globals.format, entry.artifacts, (list) => renderArtifacts(list));
}
