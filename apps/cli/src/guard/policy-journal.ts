/** Decides the candidates of a mesh's journal again under another playbook. */
import { gatherStored, type MeshNamed, openShelf, readRecord, readStandings } from "@baton/client";
import type { Playbook } from "@baton/playbook";

import { openCommandSession } from "../command-session.ts";
import { findParting } from "./other-way.ts";
import type { JournalFindings, OtherWay } from "./policy-diff.ts";

/** Reads one candidate after the other, the latest first; changes nothing. */
export async function decideAgain(
  { old, next }: { old: Playbook; next: Playbook },
  { limit, ...mesh }: MeshNamed & { readonly limit: number },
): Promise<JournalFindings> {
  await using session = await openCommandSession(mesh);
  const { artifacts } = session;
  const findStored = openShelf(artifacts);
  const { candidates } = await readStandings(session);
  const latest = candidates.toSorted((a, b) => b.sequence - a.sequence).slice(0, limit);
  const otherWays: OtherWay[] = [];
  for (const { candidateId } of latest) {
    const record = await readRecord(session, candidateId, findStored);
    const [first] = record.entries;
    const underOld = typeof first?.entry === "object" && first.entry.playbook === old.digest;
    const found = await findParting(record, next, (request) => gatherStored(request, artifacts));
    if (found === undefined) continue;
    otherWays.push(
      typeof found === "string"
        ? { candidateId, underOld, parting: null, unknown: found }
        : { candidateId, underOld, parting: found, unknown: null },
    );
  }
  return {
    decidedAgain: latest.length,
    leftOut: candidates.length - latest.length,
    otherWays,
  };
}
