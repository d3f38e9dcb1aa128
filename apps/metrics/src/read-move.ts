/** What the series need of a journal entry, read at a fraction of a full parse's cost. */
import { type Entry, type Holder, parseJournalSubject, Reason } from "@baton/contracts";
import { JournalCorrupt, parseEntry } from "@baton/mesh";

import type { CandidatePlace } from "./open-candidates.ts";

/** A report that an entry was decided on: the journal took it. */
export interface Taken {
  /** Sequence of the report in REPORTS. */
  readonly sequence: number;
  readonly attempt: number;
  /** Stage that it is about. */
  readonly stage: string;
  /** When the report was stored, in milliseconds since 1970. */
  readonly storedMs: number;
  /** It was a failed attempt, and is tried again. */
  readonly retried: boolean;
}

/** An entry as the series see it. */
export interface Move extends CandidatePlace {
  readonly candidateId: string;
  /** A lane shall start on it. */
  readonly isDispatch: boolean;
  readonly taken: Taken | undefined;
}

/** An entry begins with its names; holder and reason stand side by side within this many bytes. */
const HEAD_BYTES = 600;
const HOLDER_AND_REASON = /"holder":"([a-z-]{1,20})","reason":"([A-Z_]{1,40})"/;
/** The cause follows what the entry is about. In a text its quotes would be escaped, and what people specify comes after it. */
const CAUSE_BYTES = 6000;
const FIRST_CAUSE = '"cause":{';
const REPORT =
  /^"cause":\{"kind":"report","sequence":(\d{1,15}),"attempt":(\d{1,6}),"storedAt":"([0-9T:.Z-]{20,30})","from":"([a-z][a-z0-9-]{0,62})"\}/;

/** Of these reasons it's known whether the entry is a dispatch, and what became of a report that led to it. */
const PLAIN: Partial<Record<Reason, { readonly isDispatch: boolean; readonly retried: boolean }>> =
  {
    STAGE_PASSED: { isDispatch: true, retried: false },
    RETRY_BACKOFF: { isDispatch: false, retried: true },
  };

/**
 * Where a journal message puts its candidate and which report it took, or undefined if it isn't an entry (`baton doctor` lists
 * those). What doesn't look as the coordinator usually writes it is parsed in full, so that a slower reading never means another.
 */
export function readMove(message: {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
}): Move | undefined {
  const subject = parseJournalSubject(message.subject);
  if (!subject) return undefined;
  return glanceAtMove(message.data, subject) ?? parsedMove(message);
}

/** The move of an entry in the most usual forms, or undefined. */
export function glanceAtMove(
  data: Uint8Array,
  { holder, candidateId, stage }: { holder: Holder; candidateId: string; stage: string },
): Move | undefined {
  const head = latin1(data, HEAD_BYTES);
  const found = HOLDER_AND_REASON.exec(head);
  const reason = found?.[1] === holder ? Reason.safeParse(found[2]).data : undefined;
  const plain = reason && PLAIN[reason];
  if (!reason || !plain) return undefined;
  const text = latin1(data, CAUSE_BYTES);
  const cause = REPORT.exec(text.slice(Math.max(0, text.indexOf(FIRST_CAUSE))));
  if (!cause) return undefined;
  const [, sequence, attempt, storedAt = "", from = ""] = cause;
  const { isDispatch, retried } = plain;
  return {
    candidateId,
    stage,
    holder,
    reason,
    isDispatch: isDispatch && holder.startsWith("lane-"),
    taken: {
      sequence: Number(sequence),
      attempt: Number(attempt),
      stage: from,
      storedMs: Date.parse(storedAt),
      retried,
    },
  };
}

/** What the expressions look at is ASCII, so one character per byte is right and the fastest. */
function latin1(data: Uint8Array, most: number): string {
  return Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, most)).toString("latin1");
}

function parsedMove({ data, seq }: { data: Uint8Array; seq: number }): Move | undefined {
  try {
    return moveOf(parseEntry(data, seq));
  } catch (error) {
    if (error instanceof JournalCorrupt) return undefined;
    throw error;
  }
}

function moveOf({ candidateId, stage, holder, reason, awaits, cause }: Entry): Move {
  return {
    candidateId,
    stage,
    holder,
    reason,
    isDispatch: awaits === 0 && holder.startsWith("lane-"),
    taken:
      cause.kind === "report"
        ? {
            sequence: cause.sequence,
            attempt: cause.attempt,
            stage: cause.from,
            storedMs: Date.parse(cause.storedAt),
            // What was the stage run's result is awaited no more; a new dispatch awaits itself.
            retried: awaits !== null && awaits > 0,
          }
        : undefined,
  };
}
