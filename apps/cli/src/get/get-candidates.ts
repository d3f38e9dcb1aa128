/** `baton get candidates`: one line per candidate, by its last entry. */
import {
  countFrom,
  holderFrom,
  readEntriesOf,
  readStandings,
  readWhole,
  reasonFrom,
  type Session,
  stageFrom,
  type Unreadable,
} from "@baton/client";
import type { Feedback, Holder, Reason, Stage, TimedEntry } from "@baton/contracts";
import { JournalCorrupt } from "@baton/mesh";
import { note, print, terminalWidth } from "@baton/terminal";
import { counted } from "@baton/text/counted";
import { nearest } from "@baton/text/nearest";
import { ageText, type Column, renderTable, standingText } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import type { Globals } from "../globals.ts";
import { loadPlaybook, playbookFile } from "../guard/load-playbook.ts";

/** What the command line said. */
export interface GetOptions extends Globals {
  readonly holder?: string;
  readonly reason?: string;
  readonly stage?: string;
  readonly limit: string;
}

/** Largest list. */
const MAX_LIST = 1_000_000;

/** Options as they are meant; checked before a server is asked. */
export interface Wanted {
  readonly holder: Holder | undefined;
  readonly stage: Stage | undefined;
  readonly reason: Reason | undefined;
  readonly limit: number;
}

/** Reads the options. Throws `UserError` for one that can't be meant. */
export function wantedFrom(options: Omit<GetOptions, keyof Globals>): Wanted {
  const { holder, stage, reason } = options;
  return {
    holder: holder === undefined ? undefined : holderFrom(holder),
    stage: stage === undefined ? undefined : stageFrom(stage),
    reason: reason === undefined ? undefined : reasonFrom(reason),
    limit: countFrom(options.limit, "limit", MAX_LIST),
  };
}

/** Lists candidates. */
export async function getCandidates(options: GetOptions): Promise<void> {
  const { format } = options;
  const wanted = wantedFrom(options);
  await using session = await openCommandSession(options);
  const newer: CandidateRow[] = [];
  const found = await findEntries(session, wanted, (one) => newer.push(...newerRow(one)));
  const known: CandidateRow[] = [];
  for (const one of found) known.push(rowOf(one, await feedbackOf(session, one)));
  const rows = [...newer, ...known].toSorted((a, b) => b.sequence - a.sequence);
  const now = Date.now();
  await print(format, rows, (list) => renderCandidates(list, now, terminalWidth()));
}

/**
 * Last entries that fit the options, the latest moved first, at most `limit`; says how many more there are. Those that only another
 * release reads are left out, and told to `onOther`; without it, to the person.
 */
export async function findEntries(
  session: Session,
  wanted: Wanted,
  onOther?: (message: Unreadable) => void,
): Promise<TimedEntry[]> {
  const { holder, stage, reason, limit } = wanted;
  const { candidates, foreign } = await readStandings(session);
  if (foreign.length > 0) noteForeign(foreign.length);
  if (stage !== undefined && !candidates.some((one) => one.stage === stage))
    await noteUnknownStage(stage, new Set(candidates.map((one) => one.stage)));
  const fitting = candidates
    .filter((one) => holder === undefined || one.holder === holder)
    .filter((one) => stage === undefined || one.stage === stage)
    .toSorted((a, b) => b.sequence - a.sequence);
  // The reason stands in the entry itself, so all of them must be read for it.
  const asked = reason === undefined ? fitting.slice(0, limit) : fitting;
  const read = await readEntriesOf(session, asked, (one) => {
    if (one.otherRelease && onOther) onOther(one);
    else note(`JOURNAL ${one.sequence} isn't an entry; \`baton doctor\` says more`);
  });
  const found = reason === undefined ? read : read.filter(({ entry }) => entry.reason === reason);
  const total = reason === undefined ? fitting.length : found.length;
  if (total > limit) note(`${total - limit} more are not shown; --limit ${total} shows all`);
  return found.slice(0, limit);
}

function noteForeign(count: number): void {
  note(
    `${counted(count, "message in JOURNAL is no entry", "messages in JOURNAL are no entries")}, left out; \`baton doctor\` says more`,
  );
}

/** Not an error: a playbook of the mesh's own may have the stage, and nobody stands there. */
async function noteUnknownStage(stage: Stage, standing: ReadonlySet<string>): Promise<void> {
  const { playbook } = await loadPlaybook(playbookFile(undefined, {}));
  const known = new Set([...playbook.stages.keys(), ...standing]);
  if (known.has(stage)) return;
  const meant = nearest(stage, [...known]);
  const action =
    meant === undefined ? `there are ${[...known].join(", ")}` : `did you mean ${meant}?`;
  note(`nobody stands at ${stage}, and Baton's own playbook has no such stage; ${action}`);
}

/** What is printed about a candidate. */
export interface CandidateRow {
  readonly candidateId: string;
  readonly stage: string;
  readonly holder: string;
  readonly reason: string;
  /** Since when it stands so. */
  readonly since: string;
  /** Null where only another release can read it. */
  readonly runId: string | null;
  readonly iteration: number | null;
  /** Why an earlier run came back, the latest last. */
  readonly feedback: readonly Feedback[];
  readonly sequence: number;
  readonly deadline: string | null;
  readonly detail: string;
}

/** A candidate whose last entry only another release can read, by what the entry's subject says. */
function newerRow({ sequence, why, storedAt, standing, olderRelease }: Unreadable): CandidateRow[] {
  if (storedAt === undefined || !standing) return [];
  const { candidateId, stage, holder } = standing;
  const since = new Date(storedAt).toISOString();
  const [reason, needs] =
    olderRelease === true
      ? ["E_ENTRY_OLDER", "the release that wrote it"]
      : ["E_ENTRY_NEWER", "a newer release"];
  const detail = `needs ${needs}: JOURNAL ${sequence} ${why}`;
  const unknown = { runId: null, iteration: null, feedback: [], deadline: null };
  return [{ candidateId, stage, holder, reason, since, ...unknown, sequence, detail }];
}

/** Why earlier runs came back, where there were any; earlier entries say it, and one of them may be lost. */
async function feedbackOf(session: Session, { entry }: TimedEntry): Promise<readonly Feedback[]> {
  if (entry.iteration === 0) return [];
  try {
    return (await readWhole(session, entry)).feedback;
  } catch (error) {
    if (!(error instanceof JournalCorrupt)) throw error;
    note(`${error.message}; \`baton doctor --deep\` says more`);
    return [];
  }
}

function rowOf(
  { sequence, storedAt, entry }: TimedEntry,
  feedback: readonly Feedback[],
): CandidateRow {
  const { candidateId, stage, holder, reason, runId, iteration, deadline } = entry;
  const since = new Date(storedAt).toISOString();
  return {
    candidateId,
    stage,
    holder,
    reason,
    since,
    runId,
    iteration,
    feedback,
    sequence,
    deadline,
    detail: standingText(entry, feedback),
  };
}

const COLUMNS: readonly Column[] = [
  { heading: "CANDIDATE" },
  { heading: "STAGE" },
  { heading: "HOLDER" },
  { heading: "REASON" },
  { heading: "AGE" },
  { heading: "RUN", wide: true },
  { heading: "ITER", wide: true },
  { heading: "DETAIL" },
];

/** The rows as a table; `now` in milliseconds since 1970. */
export function renderCandidates(
  rows: readonly CandidateRow[],
  now: number,
  width: number,
): string {
  if (rows.length === 0) return "No candidates.\n";
  return renderTable(
    COLUMNS,
    rows.map((row) => [
      row.candidateId,
      row.stage,
      row.holder,
      row.reason,
      ageText(now - Date.parse(row.since)),
      row.runId ?? "?",
      String(row.iteration ?? "?"),
      row.detail,
    ]),
    width,
  );
}
