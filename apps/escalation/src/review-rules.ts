/**
 * Which state a review's record takes next: pure, time comes in as an argument.
 *
 * V1: a question is one review however many entries repeat it (a late attempt, a kept result): they share openedAt.
 * V2: what people must be told stands in the record as a notice before anybody is told, and leaves it after.
 * V3: a notice is told by whoever claimed it against the record's revision; when the claim is over, by anybody.
 * V4: one notice at a time: the next one waits until this one was told; but `overdue` replaces an older one whose claim is over,
 *     and `resolved` one that couldn't be told at the first attempt.
 */
import type { Entry, ReviewLevel, ReviewRecord, StoredEntry } from "@baton/contracts";

/** When people are told. */
export interface NoticePolicy {
  readonly reminderEveryMs: number;
  readonly remindersMax: number;
  /** How long a claim holds. */
  readonly leaseMs: number;
}

/** What is to be done about a candidate; `write` with a notice in it means: tell it after the write. */
export type NextStep =
  | { readonly kind: "rest" }
  /** Another replica is telling about the question before this one. */
  | { readonly kind: "wait" }
  | { readonly kind: "write"; readonly record: ReviewRecord; readonly claimed: boolean }
  /** The open question was answered by an entry after `record.latest`: find it, then `answered`. */
  | { readonly kind: "find-answer"; readonly record: ReviewRecord };

/** Attempts to tell that a review was resolved, before it's let be. */
const RESOLVED_ATTEMPTS = 8;
/** Longest pause between two attempts to tell. */
const MAX_PAUSE_MS = 300_000;

/** Decides on the candidate's last entry and its record. */
export function nextStep(
  of: { readonly last: StoredEntry | undefined; readonly record: ReviewRecord | undefined },
  policy: NoticePolicy,
  nowMs: number,
): NextStep {
  const { last, record } = of;
  const asked = last && isQuestion(last.entry) ? last : undefined;
  if (!record || (record.state === "answered" && !record.notice))
    return asked && asked.sequence > (record?.latest ?? 0)
      ? openRecord(asked, policy, nowMs)
      : { kind: "rest" };
  if (record.state === "answered") return finishAnswered(record, asked, { policy, nowMs });
  if (!asked || !isSameQuestion(record, asked.entry)) {
    return isFirstAttempt(record, nowMs) ? { kind: "wait" } : { kind: "find-answer", record };
  }
  if (asked.sequence > record.latest)
    return { kind: "write", record: continued(record, asked), claimed: false };
  return tellIfDue(record, policy, nowMs);
}

/** True if an entry asks a person something. */
function isQuestion(entry: Entry): boolean {
  return entry.holder === "review" && entry.review !== null;
}

/** V1. */
export function isSameQuestion(record: ReviewRecord, entry: Entry): boolean {
  return (
    isQuestion(entry) &&
    entry.review?.openedAt === record.openedAt &&
    entry.runId === record.runId &&
    entry.reason === record.reason
  );
}

/**
 * The record of a question that `entry`, the first one after it, answered; claims the notice of it. Without an entry the journal
 * was archived, so the candidate was closed meanwhile.
 */
export function answered(
  record: ReviewRecord,
  entry: Entry | undefined,
  { policy, nowMs }: { policy: NoticePolicy; nowMs: number },
): ReviewRecord {
  const { cause, time } = entry ?? { cause: undefined, time: new Date(nowMs).toISOString() };
  return {
    ...record,
    state: "answered",
    answeredAt: time,
    answeredBy: cause?.kind === "command" ? cause.by : null,
    answer: cause?.kind === "command" ? cause.type.slice(0, 60) : (cause?.kind ?? "archived"),
    notice: claim("resolved", policy, nowMs),
  };
}

/** The record after its notice was told. */
export function told(record: ReviewRecord, nowMs: number): ReviewRecord {
  const isReminder = record.notice?.level.startsWith("reminder-") === true;
  return {
    ...record,
    notice: null,
    lastNotifiedAt: new Date(nowMs).toISOString(),
    remindersSent: record.remindersSent + (isReminder ? 1 : 0),
  };
}

/** The record after telling failed: the next attempt comes later each time; a resolved review is let be in the end. */
export function notTold(record: ReviewRecord, nowMs: number): ReviewRecord {
  const { notice } = record;
  if (!notice) return record;
  const failed = notice.failed + 1;
  if (notice.level === "resolved" && failed >= RESOLVED_ATTEMPTS)
    return { ...record, notice: null };
  const pauseMs = Math.min(MAX_PAUSE_MS, 1000 * 2 ** notice.failed);
  const claimedUntil = new Date(nowMs + pauseMs).toISOString();
  return { ...record, notice: { ...notice, failed, claimedUntil } };
}

/** True if the record alone, without its journal, shows that something is due. */
export function isDue(record: ReviewRecord, policy: NoticePolicy, nowMs: number): boolean {
  if (record.notice) return !isClaimed(record, nowMs);
  return record.state === "open" && dueLevel(record, policy, nowMs) !== undefined;
}

function openRecord(asked: StoredEntry, policy: NoticePolicy, nowMs: number): NextStep {
  const { sequence, entry } = asked;
  const { candidateId, runId, stage, trace, reason, detail, deadline, review } = entry;
  const record: ReviewRecord = {
    v: 1,
    candidateId,
    runId,
    stage,
    trace,
    sequence,
    latest: sequence,
    reason,
    detail,
    action: review?.action ?? "",
    next: review?.next ?? null,
    openedAt: review?.openedAt ?? entry.time,
    deadline,
    state: "open",
    overdueAt: null,
    remindersSent: 0,
    lastNotifiedAt: null,
    notice: claim("open", policy, nowMs),
    answeredAt: null,
    answeredBy: null,
    answer: null,
  };
  return { kind: "write", record, claimed: true };
}

function continued(record: ReviewRecord, { sequence, entry }: StoredEntry): ReviewRecord {
  const { detail, deadline, review } = entry;
  return {
    ...record,
    latest: sequence,
    detail,
    deadline,
    action: review?.action ?? record.action,
    next: review?.next ?? null,
  };
}

/** A new question waits for the news that the old one was answered, but not for a second attempt to tell it. */
function finishAnswered(
  record: ReviewRecord,
  asked: StoredEntry | undefined,
  { policy, nowMs }: { policy: NoticePolicy; nowMs: number },
): NextStep {
  const next = asked && asked.sequence > record.latest ? asked : undefined;
  if (next && record.notice && record.notice.failed > 0) return openRecord(next, policy, nowMs);
  if (isClaimed(record, nowMs)) return { kind: next ? "wait" : "rest" };
  return claimAgain(record, "resolved", { policy, nowMs });
}

function tellIfDue(record: ReviewRecord, policy: NoticePolicy, nowMs: number): NextStep {
  if (isClaimed(record, nowMs)) return { kind: "rest" };
  const due = dueLevel(record, policy, nowMs);
  if (record.notice && due !== "overdue")
    return claimAgain(record, record.notice.level, { policy, nowMs });
  if (due === undefined) return { kind: "rest" };
  const overdueAt = due === "overdue" ? new Date(nowMs).toISOString() : record.overdueAt;
  const claimed = { ...record, overdueAt, notice: claim(due, policy, nowMs) };
  return { kind: "write", record: claimed, claimed: true };
}

function dueLevel(
  record: ReviewRecord,
  { reminderEveryMs, remindersMax }: NoticePolicy,
  nowMs: number,
): ReviewLevel | undefined {
  const { deadline, overdueAt, remindersSent, lastNotifiedAt, openedAt } = record;
  if (deadline !== null && overdueAt === null && nowMs >= Date.parse(deadline)) return "overdue";
  if (remindersSent >= remindersMax) return undefined;
  if (nowMs < Date.parse(lastNotifiedAt ?? openedAt) + reminderEveryMs) return undefined;
  return `reminder-${remindersSent + 1}`;
}

function isClaimed({ notice }: ReviewRecord, nowMs: number): boolean {
  return notice !== null && nowMs < Date.parse(notice.claimedUntil);
}

function isFirstAttempt(record: ReviewRecord, nowMs: number): boolean {
  return isClaimed(record, nowMs) && record.notice?.failed === 0;
}

function claim(
  level: ReviewLevel,
  { leaseMs }: NoticePolicy,
  nowMs: number,
): NonNullable<ReviewRecord["notice"]> {
  return { level, failed: 0, claimedUntil: new Date(nowMs + leaseMs).toISOString() };
}

function claimAgain(
  record: ReviewRecord,
  level: ReviewLevel,
  { policy, nowMs }: { policy: NoticePolicy; nowMs: number },
): NextStep {
  const notice = { ...claim(level, policy, nowMs), failed: record.notice?.failed ?? 0 };
  return { kind: "write", record: { ...record, notice }, claimed: true };
}
