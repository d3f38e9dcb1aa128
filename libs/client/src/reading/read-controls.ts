/** The mesh's controls, read from CONTROLS: the state, or every entry. */
import { type StoredControls, STREAMS } from "@baton/contracts";
import { LogReset, parseControls, readControls } from "@baton/mesh";
import { UserError, EXIT } from "@baton/text/user-error";

import type { Session } from "../session/session.ts";
import { readAll } from "./read-candidate.ts";
import { historyOf, type HistorySession } from "./refuse-lost.ts";

/**
 * The state. Throws a UserError where there is none: from the first moment of a mesh on there is one, so nobody knows what holds.
 * One that stops nothing counts only if nobody knows of a later one: an older copy lacks what was engaged since.
 */
export async function lastControls(session: HistorySession): Promise<StoredControls> {
  const last = await storedLast(session);
  if (last.controls.killSwitch) return last;
  const { losses, lossId: id } = await historyOf(session);
  const own = losses.filter(({ stream }) => stream === STREAMS.controls.name);
  if (own.length === 0) return last;
  throw unknownControls(new LogReset(own, id === undefined ? {} : { id }));
}

async function storedLast(session: HistorySession): Promise<StoredControls> {
  try {
    return await readControls(session.jsm).last();
  } catch (error) {
    if (!(error instanceof LogReset)) throw error;
    // Only the whole history says under which id the loss is accepted.
    const { lossId: id } = await historyOf(session).catch(() => ({ lossId: undefined }));
    const { action } = new LogReset(error.losses, id === undefined ? {} : { id });
    throw unknownControls(error, action);
  }
}

function unknownControls(cause: LogReset, action = cause.action): UserError {
  return new UserError({
    code: cause.code,
    exit: EXIT.unavailable,
    message: `nobody knows whether the kill switch is engaged: ${cause.message}`,
    rule: "a mesh has a state of its controls from its first moment on",
    action: `Is it the right server? If it is: ${action}`,
    cause,
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
    session.tell(
      `${STREAMS.controls.name} ${foreign.join(", ")}: not entries, left out; \`baton doctor\` says more`,
    );
  return entries;
}
