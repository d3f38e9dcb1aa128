/** `baton guard replay ID`: does the journal follow from what it was decided on? */
import { candidateTextFrom } from "../arguments.ts";
import { EXIT } from "../cli-error.ts";
import type { Globals } from "../globals.ts";
import { findCandidate } from "../journal/find-candidate.ts";
import { print } from "../output.ts";
import { cutTo, printable } from "../printable.ts";
import { openSession } from "../session.ts";
import { openShelf, readRecord } from "./candidate-record.ts";
import { type Replayed, replayRecord } from "./replay-record.ts";

/** Replays and prints; exit code 5 at the first difference. */
export async function replay(id: string, globals: Globals): Promise<void> {
  const typed = candidateTextFrom(id);
  await using session = await openSession(globals);
  const candidateId = await findCandidate(session, typed);
  const { artifacts } = session;
  const result = replayRecord(await readRecord(session, candidateId, openShelf(artifacts)));
  if (result.difference) process.exitCode = EXIT.refused;
  await print(globals.format, result, renderReplay);
}

/** A replay's outcome in a few lines. */
function renderReplay({ candidateId, entries, same, difference, notes }: Replayed): string {
  const noted = notes.map((note) => `note       ${printable(note)}\n`).join("");
  if (!difference)
    return `same       ${candidateId}  ${entries} entries decided again, byte for byte alike\n${noted}`;
  const { n, sequence, what, journal, replay: again } = difference;
  const lines = [
    `different  ${candidateId}  entry ${n} of ${entries} (JOURNAL ${sequence}): ${what}`,
    ...(journal === null && again === null
      ? []
      : [`  journal: ${shown(journal)}`, `  replay:  ${shown(again)}`]),
    `  ${same === 0 ? "nothing" : `the ${same} before it`} decided alike. Someone other than this coordinator wrote or changed it, or it was decided by another version.`,
  ];
  return `${lines.join("\n")}\n${noted}`;
}

function shown(value: string | null): string {
  return value === null ? "(absent)" : cutTo(printable(value), 200);
}
