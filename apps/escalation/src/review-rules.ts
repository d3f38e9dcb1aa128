/**
 * Which state a review's record takes next: pure, time comes in as an argument. What people are told about it, and when, is
 * decided by notices/told-rules.ts.
 *
 * R1: a question is one review however many entries repeat it (a late attempt, a kept result): they share openedAt.
 */
import {
  type Controls,
  cut,
  type Entry,
  type ReviewRecord,
  type StoredEntry,
} from "@baton/contracts";
import { adviceOn, controlChangeText, inTerminal, particularsOf } from "@baton/views";

import { isTelling, isUntried } from "./notices/delivery-rules.ts";
import {
  type Circumstances,
  claim,
  finish,
  hasDueChannel,
  type Step,
  tellIfDue,
  untold,
} from "./notices/told-rules.ts";
import { REVIEW_WORDING } from "./review-notice.ts";

/** What is to be done about a candidate. */
export type NextStep =
  | Step<ReviewRecord>
  /** The open question was answered by an entry after `record.latest`: find it, then `answered`. */
  | { readonly kind: "find-answer"; readonly record: ReviewRecord };

/** Decides on the candidate's last entry and its record. */
export function nextStep(
  of: { readonly last: StoredEntry | undefined; readonly record: ReviewRecord | undefined },
  at: Circumstances,
): NextStep {
  const { last, record } = of;
  const asked = last && isQuestion(last.entry) ? last : undefined;
  if (!record || (record.state === "answered" && !record.delivery))
    return asked && asked.sequence > (record?.latest ?? 0)
      ? openRecord(asked, at)
      : { kind: "rest" };
  if (record.state === "answered") return finishAnswered(record, asked, at);
  if (!asked || !isSameQuestion(record, asked.entry))
    return isTelling(record.delivery, at.nowMs)
      ? { kind: "wait" }
      : { kind: "find-answer", record };
  if (asked.sequence > record.latest)
    return { kind: "write", record: continued(record, asked), claimed: false };
  return tellIfDue(REVIEW_WORDING, record, at);
}

/** True if an entry asks a person something. */
function isQuestion(entry: Entry): boolean {
  return entry.holder === "review" && entry.review !== null;
}

/** R1. */
export function isSameQuestion(record: ReviewRecord, entry: Entry): boolean {
  return (
    isQuestion(entry) &&
    entry.review?.openedAt === record.openedAt &&
    entry.runId === record.runId &&
    entry.reason === record.reason
  );
}

/** What ended a question. */
interface Answer {
  /** Undefined if the journal was archived. */
  readonly entry: Entry | undefined;
  /** The controls after their latest change, where a stop was lifted. */
  readonly lifted?: Controls | undefined;
}

/** What lifts each stop. */
const LIFTS: Readonly<Record<string, string>> = {
  KILL_SWITCH: "released",
  FROZEN: "incident-closed",
  PROMOTION_BLOCKED: "task-closed",
};

/** False where the controls changed once more since, so that their last change says nothing of this stop. */
function lifts({ reason }: ReviewRecord, { about }: Controls): boolean {
  return LIFTS[reason] === about.kind;
}

/**
 * The record of a question that `entry`, the first one after it, answered; claims the notice of it. Without an entry the journal
 * was archived, so the candidate was closed meanwhile.
 */
export function answered(
  record: ReviewRecord,
  { entry, lifted }: Answer,
  { policy, nowMs }: Pick<Circumstances, "policy" | "nowMs">,
): ReviewRecord {
  const { cause, time } = entry ?? { cause: undefined, time: instant(nowMs) };
  const closed: ReviewRecord = {
    ...record,
    ...(lifted && lifts(record, lifted) && { detail: cut(controlChangeText(lifted)) }),
    state: "answered",
    answeredAt: time,
    answeredBy: cause?.kind === "command" ? cause.by : null,
    answer: cause?.kind === "command" ? cause.type.slice(0, 60) : (cause?.kind ?? "archived"),
  };
  return claim(REVIEW_WORDING, closed, "resolved", { policy, nowMs });
}

function openRecord(asked: StoredEntry, at: Circumstances): NextStep {
  const { sequence, entry } = asked;
  const { candidateId, runId, stage, trace, reason, deadline, review } = entry;
  const record: ReviewRecord = {
    v: 1,
    candidateId,
    runId,
    stage,
    trace,
    sequence,
    latest: sequence,
    reason,
    ...toldOf(entry),
    next: review?.next ?? null,
    ...untold(review?.openedAt ?? entry.time, deadline),
  };
  return { kind: "write", record: claim(REVIEW_WORDING, record, "open", at), claimed: true };
}

/** What people are told of it: in words, since a notice stays as it was first worded. */
function toldOf(entry: Entry): Pick<ReviewRecord, "detail" | "action"> {
  return { detail: cut(particularsOf(entry)), action: cut(inTerminal(adviceOn(entry))) };
}

function continued(record: ReviewRecord, { sequence, entry }: StoredEntry): ReviewRecord {
  const { deadline, review } = entry;
  return {
    ...record,
    latest: sequence,
    ...toldOf(entry),
    deadline,
    next: review?.next ?? null,
  };
}

/** A new question waits for the news that the old one was answered, but not for a second attempt to tell it. */
function finishAnswered(
  record: ReviewRecord,
  asked: StoredEntry | undefined,
  at: Circumstances,
): NextStep {
  const { delivery } = record;
  const next = asked && asked.sequence > record.latest ? asked : undefined;
  if (!next || !delivery) return finish(record, at);
  if (isTelling(delivery, at.nowMs)) return { kind: "wait" };
  const isToBeTold = hasDueChannel(record, at) && isUntried(delivery);
  return isToBeTold ? finish(record, at) : openRecord(next, at);
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
