/** `baton artifacts list ID` */
import type { ArtifactRef } from "@baton/contracts";

import { candidateTextFrom } from "../arguments.ts";
import type { Globals } from "../globals.ts";
import { findCandidate } from "../journal/find-candidate.ts";
import { readLast } from "../journal/read-candidate.ts";
import { print } from "../output.ts";
import { renderTable } from "../render-table.ts";
import { openSession } from "../session.ts";

/** Lists the artifacts that the candidate's last entry names. */
export async function listArtifacts(id: string, globals: Globals): Promise<void> {
  const typed = candidateTextFrom(id);
  await using session = await openSession(globals);
  const { entry } = await readLast(session, await findCandidate(session, typed));
  await print(globals.format, entry.artifacts, (list) => renderArtifacts(list));
}

/** Artifacts as a table; digests are whole, because people copy them. */
export function renderArtifacts(artifacts: readonly ArtifactRef[]): string {
  if (artifacts.length === 0) return "No artifacts yet.\n";
  return renderTable(
    ["NAME", "BYTES", "STAGE", "RUN", "SHA256"].map((heading) => ({ heading })),
    artifacts.map(({ name, bytes, stage, runId, sha256 }) => [
      name,
      String(bytes),
      stage,
      runId,
      sha256,
    ]),
    Infinity,
  );
}
