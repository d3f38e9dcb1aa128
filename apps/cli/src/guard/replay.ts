/** `baton guard replay ID`: does the journal follow from what it was decided on? */
import {
  candidateTextFrom,
  findCandidate,
  openShelf,
  readRecord,
  registryFor,
} from "@baton/client";
import { print } from "@baton/terminal";
import { counted } from "@baton/text/counted";
import { cutTo, printable } from "@baton/text/printable";
import { EXIT } from "@baton/text/user-error";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";
import { type Replayed, replayRecord } from "./replay-record.ts";

/** Replays and prints; exit code 5 at the first difference. */
export async function replay(
  id: string,
  globals: Globals & { readonly people?: string },
): Promise<void> {
  const typed = candidateTextFrom(id);
  await using session = await openCommandSession(globals);
  const candidateId = await findCandidate(session, typed);
  const { artifacts, address } = session;
  const people = await registryFor(globals.people, address);
  const record = await readRecord(session, candidateId, openShelf(artifacts));
  const result = replayRecord(record, people);
  if (result.difference) process.exitCode = EXIT.refused;
  await print(globals.format, result, renderReplay);
}

/** A replay's outcome in a few lines. */
function renderReplay(replayed: Replayed): string {
  const { candidateId, entries, same, difference, notes } = replayed;
  const noted = notes.map((note) => `note       ${printable(note)}\n`).join("");
  if (!difference)
    return `same       ${candidateId}  ${counted(entries, "entry", "entries")} decided again, byte for byte alike\n${signaturesText(replayed)}${noted}`;
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

function signaturesText({ signatures }: Replayed): string {
  const { signed, unsigned, registry } = signatures;
  const by = registry ? "by those who are registered" : "by the keys that came with them";
  const others = unsigned > 0 ? `; ${unsigned} unsigned: who sent them isn't known` : "";
  return `signed     ${signed} of ${counted(signed + unsigned, "command")}, ${by}${others}\n`;
}

function shown(value: string | null): string {
  return value === null ? "(absent)" : cutTo(printable(value), 200);
}
