/** `baton get reviews`: what waits for a person, the longest wait first. */
import type { ReviewAnswer, TimedEntry } from "@baton/contracts";
import { print, terminalWidth } from "@baton/terminal";
import { adviceOn, ageText, inTerminal, particularsOf, renderTable, whoText } from "@baton/views";

import { openCommandSession } from "../command-session.ts";
import { findEntries, type GetOptions, wantedFrom } from "./get-candidates.ts";

/** A question that waits. */
export interface ReviewRow {
  readonly candidateId: string;
  readonly reason: string;
  readonly stage: string;
  /** Stage that follows an approval; null if the answer is about the stage itself. */
  readonly next: string | null;
  readonly openedAt: string;
  readonly deadline: string | null;
  /** Digest that an approval is bound to. */
  readonly evidence: string | null;
  readonly detail: string;
  readonly action: string;
  /** What it may be answered with, and by whom; the usual answer comes first. */
  readonly answers: readonly ReviewAnswer[];
}

/** Lists reviews. */
export async function getReviews(options: Omit<GetOptions, "holder">): Promise<void> {
  const wanted = wantedFrom({ ...options, holder: "review" });
  await using session = await openCommandSession(options);
  const entries = await findEntries(session, wanted);
  const rows = entries
    .map(rowOf)
    .toSorted((a, b) => (a.openedAt < b.openedAt ? -1 : a.openedAt > b.openedAt ? 1 : 0));
  const now = Date.now();
  await print(options.format, rows, (list) => renderReviews(list, now, terminalWidth()));
}

function rowOf({ storedAt, entry }: TimedEntry): ReviewRow {
  const { candidateId, reason, stage, review, deadline } = entry;
  return {
    candidateId,
    reason,
    stage,
    next: review?.next ?? null,
    openedAt: review?.openedAt ?? new Date(storedAt).toISOString(),
    deadline,
    evidence: review?.evidence ?? null,
    detail: particularsOf(entry),
    action: inTerminal(adviceOn(entry)),
    answers: review?.answers ?? [],
  };
}

/** The rows as a table; `now` in milliseconds since 1970. */
export function renderReviews(rows: readonly ReviewRow[], now: number, width: number): string {
  if (rows.length === 0) return "Nothing waits for a person.\n";
  const columns = ["CANDIDATE", "REASON", "STAGE", "NEXT", "WAITS", "DUE", "WHO", "DO"];
  return renderTable(
    columns.map((heading) => ({ heading })),
    rows.map((row) => [
      row.candidateId,
      row.reason,
      row.stage,
      row.next ?? "-",
      ageText(now - Date.parse(row.openedAt)),
      dueText(row.deadline, now),
      row.answers[0] ? whoText(row.answers[0]) : "-",
      row.action,
    ]),
    width,
  );
}

function dueText(deadline: string | null, now: number): string {
  if (deadline === null) return "-";
  const ms = Date.parse(deadline) - now;
  return ms >= 0 ? `in ${ageText(ms)}` : `${ageText(-ms)} late`;
}
