/** `baton artifacts list ID` */
import { candidateTextFrom, findCandidate, readLast, readWhole } from "@baton/client";
import { print } from "@baton/terminal";
import { renderArtifacts } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";

/** Lists the artifacts of the candidate's run. */
export async function listArtifacts(id: string, globals: Globals): Promise<void> {
  const typed = candidateTextFrom(id);
  await using session = await openCommandSession(globals);
  const { entry } = await readLast(session, await findCandidate(session, typed));
  const { artifacts } = await readWhole(session, entry);
  await print(globals.format, artifacts, (list) => renderArtifacts(list));
}
