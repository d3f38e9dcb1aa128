/** `baton get controls`: kill switch, incidents, emergencies, tasks, and whom they stop. */
import type { Entry } from "@baton/contracts";

import { CliError } from "../cli-error.ts";
import type { Globals } from "../globals.ts";
import { readEntriesOf, readStandings } from "../journal/read-model.ts";
import { note, print, terminalWidth } from "../output.ts";
import { openSession, type Session } from "../session.ts";
import { viewOf } from "./controls-view.ts";
import { controlHistory, lastControls } from "./read-controls.ts";
import { renderControls, renderHistory } from "./render-controls.ts";

/** Prints the state, or with `history` every entry that led to it. */
export async function getControls(options: Globals & { history?: true }): Promise<void> {
  await using session = await openSession(options);
  if (options.history === true) {
    // That there is no state must not look like an empty history; one that is foreign is told among the others.
    await lastControls(session).catch((error: unknown) => {
      if (error instanceof CliError) throw error;
    });
    const entries = await controlHistory(session);
    return print(options.format, entries, (all) => renderHistory(all, terminalWidth()));
  }
  const last = await lastControls(session);
  const view = viewOf(last, await openEntries(session));
  const shown = { now: Date.now(), width: terminalWidth() };
  await print(options.format, view, (one) => renderControls(one, shown));
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
