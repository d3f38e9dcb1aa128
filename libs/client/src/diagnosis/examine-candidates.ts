/** What the journal holds: foreign messages, candidates that nobody swept, questions that nobody answers. */
import { foreignIn, type StoredEntry, type TimedEntry } from "@baton/contracts";
import type { Standing } from "@baton/folds";
import { counted } from "@baton/text/counted";
import { adviceOn, ageText, inTerminal } from "@baton/views";

import type { Unreadable } from "../reading/read-model.ts";
import { fault, type Finding, ok } from "./finding.ts";
import type { World } from "./world.ts";

/** The coordinator looks at deadlines every second, and at others' entries every half minute. */
const SWEEP_MS = 90_000;
/** Most that are named one by one. */
const NAMED = 10;

/** All candidates by their last subject, and the last entry of every one that is open. */
export async function examineCandidates({ journal, serverNow }: World): Promise<Finding[]> {
  const { candidates, open, foreign } = await journal();
  return [
    ok("candidates", countsOf(candidates)),
    ...foreignFindings([...foreign, ...newerIn(open)]),
    ...overdueFindings(open, serverNow),
    ...reviewFindings(open, serverNow),
  ];
}

function countsOf(candidates: readonly Standing[]): string {
  const review = candidates.filter(({ holder }) => holder === "review").length;
  const closed = candidates.filter(({ holder }) => holder === "closed").length;
  const lanes = candidates.length - review - closed;
  return `${candidates.length}: ${lanes} with lanes, ${review} with people, ${closed} closed`;
}

/** Candidates that a coordinator of this release leaves alone, as only a newer one knows why they stand where they stand. */
function newerIn(open: readonly StoredEntry[]): Unreadable[] {
  return open.flatMap(({ sequence, entry }) => {
    const foreign = foreignIn(entry);
    if (foreign === undefined) return [];
    const why = `has the ${foreign}, which only a newer release knows: ${entry.candidateId} waits for it`;
    return [{ sequence, why, otherRelease: true }];
  });
}

/** Messages in JOURNAL that no coordinator of this release wrote. */
export function foreignFindings(wrong: readonly Unreadable[]): Finding[] {
  if (wrong.length === 0) return [ok("journal", "only entries")];
  const other = wrong.filter(({ otherRelease }) => otherRelease);
  const coded = (code: string, isOlder: boolean): Unreadable[] =>
    other
      .filter(({ olderRelease = false }) => olderRelease === isOlder)
      .map((one) => ({ ...one, why: `${one.why} (${code})` }));
  return [
    ...named(coded("E_ENTRY_NEWER", false), OTHER_RELEASE),
    ...named(coded("E_ENTRY_OLDER", true), OLDER_RELEASE),
    ...named(
      wrong.filter(({ otherRelease }) => !otherRelease),
      FOREIGN,
    ),
  ];
}

const OTHER_RELEASE =
  "Update the coordinators and this `baton` first, to the newest release of Baton that ran here: it reads them (docs/upgrading.md). Don't remove them: they are where their candidates stand.";
const OLDER_RELEASE =
  "No newer release reads them: run the release that wrote them, or begin with a fresh data folder. Don't remove them: they are where their candidates stand.";
const FOREIGN =
  "Nobody but the coordinator may publish to baton.journal.>: check the permissions. Every candidate whose last message is foreign stands still until an operator removes that message.";

function named(wrong: readonly Unreadable[], repair: string): Finding[] {
  const first = wrong
    .slice(0, NAMED)
    .map(({ sequence, why }) => fault("journal", `JOURNAL ${sequence} ${why}`, repair));
  const more = wrong.length - first.length;
  return more > 0
    ? [...first, fault("journal", counted(more, "more such message"), repair)]
    : first;
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

/** Questions to people whose time to answer is over, the longest first. */
export function reviewFindings(entries: readonly TimedEntry[], now: number): Finding[] {
  const reviews = entries.flatMap(({ entry }) => {
    const due = entry.holder === "review" && entry.deadline !== null ? entry.deadline : undefined;
    return due === undefined ? [] : [{ entry, late: now - Date.parse(due) }];
  });
  const overdue = reviews.filter(({ late }) => late >= 0).toSorted((a, b) => b.late - a.late);
  if (overdue.length === 0) return [ok("reviews", "no answer is overdue")];
  const first = overdue.slice(0, NAMED).map(({ entry, late }) => {
    const { candidateId, stage, reason } = entry;
    const found = `${candidateId} at ${stage} waits for a person (${reason}), overdue by ${ageText(late)}`;
    return fault("reviews", found, inTerminal(adviceOn(entry)));
  });
  const more = overdue.length - first.length;
  return more > 0
    ? [...first, fault("reviews", `${more} more are overdue`, "`baton get reviews` lists them.")]
    : first;
}
