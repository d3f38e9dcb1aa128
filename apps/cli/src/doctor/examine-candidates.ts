/** What the journal holds: foreign messages, candidates that nobody swept. */
import type { TimedEntry } from "@baton/mesh";

import { readEntriesOf, readStandings, type Standing } from "../journal/read-model.ts";
import { quoted } from "../printable.ts";
import type { Session } from "../session.ts";
import { ageText } from "../time-text.ts";
import { type ReadControls, stuckFindings } from "./examine-controls.ts";
import { fault, type Finding, ok } from "./finding.ts";

/** The coordinator looks at deadlines every second, and at others' entries every half minute. */
const SWEEP_MS = 90_000;
/** Most that are named one by one. */
const NAMED = 10;

/** Reads all subjects, and the last entry of every candidate that is open; holds those that are stopped against the controls. */
export async function examineCandidates(
  session: Session,
  serverNow: number,
  controls: ReadControls | undefined,
): Promise<Finding[]> {
  const { candidates, foreign } = await readStandings(session);
  const wrong = foreign.map(({ sequence, subject }) => ({
    sequence,
    why: `subject ${quoted(subject)}`,
  }));
  const open = candidates.filter(({ holder }) => holder !== "closed");
  const entries = await readEntriesOf(session, open, (sequence, why) =>
    wrong.push({ sequence, why }),
  );
  return [
    ok("candidates", countsOf(candidates)),
    ...foreignFindings(wrong),
    ...overdueFindings(entries, serverNow),
    ...stuckFindings(entries, controls, serverNow),
  ];
}

function countsOf(candidates: readonly Standing[]): string {
  const review = candidates.filter(({ holder }) => holder === "review").length;
  const closed = candidates.filter(({ holder }) => holder === "closed").length;
  const lanes = candidates.length - review - closed;
  return `${candidates.length}: ${lanes} with lanes, ${review} with people, ${closed} closed`;
}

/** Messages in JOURNAL that no coordinator wrote. */
export function foreignFindings(
  wrong: readonly { readonly sequence: number; readonly why: string }[],
): Finding[] {
  if (wrong.length === 0) return [ok("journal", "only entries")];
  const repair =
    "Nobody but the coordinator may publish to baton.journal.>: check the permissions. Every candidate whose last message is foreign stands still until an operator removes that message.";
  return wrong
    .slice(0, NAMED)
    .map(({ sequence, why }) =>
      fault("journal", `JOURNAL ${sequence} isn't an entry: ${why}`, repair),
    )
    .concat(
      wrong.length > NAMED
        ? [fault("journal", `${wrong.length - NAMED} more such messages`, repair)]
        : [],
    );
}

/** Candidates whose lane is past its deadline and that no coordinator has moved. */
export function overdueFindings(entries: readonly TimedEntry[], now: number): Finding[] {
  const overdue = entries.filter(({ entry }) => {
    if (entry.deadline === null || entry.holder === "review" || entry.holder === "closed")
      return false;
    return Date.parse(entry.deadline) + SWEEP_MS < now;
  });
  if (overdue.length === 0) return [ok("deadlines", "nobody is overdue unnoticed")];
  return overdue.slice(0, NAMED).map(({ entry }) => {
    const late = ageText(now - Date.parse(entry.deadline ?? ""));
    const found = `${entry.candidateId} at ${entry.stage} is overdue by ${late}, and no review was opened`;
    return fault("deadlines", found, "Start the coordinator: its sweep turns this into a review.");
  });
}
