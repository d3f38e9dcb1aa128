/** The mesh's controls, read from CONTROLS: the state, or every entry. */
import { type StoredControls, STREAMS } from "@baton/contracts";
import { parseControls, readControls } from "@baton/mesh";

import { readAll } from "../journal/read-candidate.ts";
import { note } from "../output.ts";
import type { Session } from "../session.ts";

/** The state; undefined while there never was any, also on a mesh that has no such stream yet. */
export async function lastControls(
  session: Pick<Session, "jsm">,
): Promise<StoredControls | undefined> {
  return await readControls(session.jsm)
    .last()
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === "StreamNotFoundError") return undefined;
      throw error;
    });
}

/** Every entry in order; what isn't one is left out and said so. */
export async function controlHistory(session: Session): Promise<StoredControls[]> {
  const entries: StoredControls[] = [];
  const foreign: number[] = [];
  await readAll(session, { stream: "controls" }, ({ seq, data }) => {
    try {
      entries.push(parseControls(data, seq));
    } catch {
      foreign.push(seq);
    }
  });
  if (foreign.length > 0)
    note(
      `${STREAMS.controls.name} ${foreign.join(", ")}: not entries, left out; \`baton doctor\` says more`,
    );
  return entries;
}
