/** `baton get controls`: kill switch, incidents, emergencies, tasks, and whom they stop. */
import {
  controlHistory,
  hindranceOf,
  lastControls,
  readEntriesOf,
  readStandings,
  readUndecided,
  type Session,
} from "@baton/client";
import { type Entry, MESH_ID, type StoredControls } from "@baton/contracts";
import { note, print, terminalWidth } from "@baton/terminal";
import { UserError } from "@baton/text/user-error";
import { renderControls, renderHistory, viewOf, type Waiting } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";

/** Prints the state, or with `history` every entry that led to it. */
export async function getControls(options: Globals & { history?: true }): Promise<void> {
  await using session = await openCommandSession(options);
  if (options.history === true) {
    // That there is no state must not look like an empty history; one that is foreign is told among the others.
    await lastControls(session).catch((error: unknown) => {
      if (error instanceof UserError) throw error;
    });
    const entries = await controlHistory(session);
    return print(options.format, entries, (all) => renderHistory(all, terminalWidth()));
  }
  const last = await lastControls(session);
  const [entries, waiting] = await Promise.all([openEntries(session), waitingOn(session, last)]);
  const view = viewOf(last, entries, waiting);
  const shown = { now: Date.now(), width: terminalWidth() };
  await print(options.format, view, (one) => renderControls(one, shown));
}

/** What was asked for after what was decided: the state may be another one as soon as somebody decides. */
async function waitingOn(session: Session, { controls }: StoredControls): Promise<Waiting> {
  const [all, hindrance] = await Promise.all([
    readUndecided(session, (commandId) => controls.commands.some((one) => one === commandId)),
    hindranceOf(session),
  ]);
  const undecided = all
    .filter(({ candidateId }) => candidateId === MESH_ID)
    .map(({ sequence, time, type, by }) => ({ sequence, time, type, by }));
  return { undecided, hindrance: hindrance ?? null };
}

/** Last entries of all candidates that are open. */
async function openEntries(session: Session): Promise<Entry[]> {
  const { candidates } = await readStandings(session);
  const open = candidates.filter(({ holder }) => holder !== "closed");
  const entries = await readEntriesOf(session, open, ({ sequence }) => {
    note(`JOURNAL ${sequence} isn't an entry; \`baton doctor\` says more`);
  });
  return entries.map(({ entry }) => entry);
}
