/**
 * Which state a review's record takes next: pure, time comes in as an argument.
 *
 * V1: a question is one review however many entries repeat it (a late attempt, a kept result): they share openedAt.
 * V2: what people must be told stands in the record, word for word, before anybody is told; each channel leaves it after.
 * V3: a notice is told by whoever claimed it against the record's revision; when the claim is over, by anybody.
 * V4: one notice at a time: the next one waits while this one is being told. Then it takes its place: a channel that couldn't be
 *     reached gets the later one, which says how the review stands, instead of all that it missed.
 */
import {
  type Entry,
  MAX_CHANNELS,
  type Reason,
  type ReviewLevel,
  type ReviewRecord,
  type StoredEntry,
  type ToldChannel,
} from "@baton/contracts";

import {
  afterAttempts,
  type Attempt,
  begin,
  dueChannels,
  isStale,
  isTelling,
  isUntried,
  released,
  takeUp,
} from "./notices/delivery-rules.ts";
import { reached, type Route } from "./policy/route.ts";
import { noticeOf } from "./review-notice.ts";

/** When people are told, and who. */
export interface NoticePolicy {
  /** How long a claim holds. */
  readonly leaseMs: number;
  routeOf(reason: Reason): Route;
}

/** When something is decided, and what is known at that moment. */
export interface Circumstances {
  readonly policy: NoticePolicy;
  readonly nowMs: number;
  /** False for a channel that can't be tried now. */
  isReachable(channel: string): boolean;
}

/** What is to be done about a candidate; `write` with a notice in it means: tell it after the write. */
export type NextStep =
  | { readonly kind: "rest" }
  /** Another replica is telling about the question before this one. */
  | { readonly kind: "wait" }
  | { readonly kind: "write"; readonly record: ReviewRecord; readonly claimed: boolean }
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
  return tellIfDue(record, at);
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
  { policy, nowMs }: Pick<Circumstances, "policy" | "nowMs">,
): ReviewRecord {
  const { cause, time } = entry ?? { cause: undefined, time: instant(nowMs) };
  const closed: ReviewRecord = {
    ...record,
    state: "answered",
    answeredAt: time,
    answeredBy: cause?.kind === "command" ? cause.by : null,
    answer: cause?.kind === "command" ? cause.type.slice(0, 60) : (cause?.kind ?? "archived"),
  };
  return claim(closed, "resolved", { policy, nowMs });
}

/** The record after some channels had their turn. */
export function afterTelling(
  record: ReviewRecord,
  attempts: ReadonlyMap<string, Attempt>,
  nowMs: number,
): ReviewRecord {
  const { delivery } = record;
  if (!delivery) return record;
  const at = instant(nowMs);
  const level = delivery.notice.key.split(".").at(-1) ?? "";
  const told = [...attempts].filter(([, { kind }]) => kind === "told").map(([name]) => name);
  const news = told.map((name) => [name, { level, at } satisfies ToldChannel] as const);
  return {
    ...record,
    channels: { ...record.channels, ...Object.fromEntries(news) },
    lastNotifiedAt: told.length > 0 ? at : record.lastNotifiedAt,
    delivery: afterAttempts(delivery, attempts, nowMs),
  };
}

/** The record when whoever claimed the notice has tried everybody; a claim that somebody else made since stays. */
export function afterClaim(record: ReviewRecord, claimedUntil: string): ReviewRecord {
  const { delivery } = record;
  if (!delivery || delivery.claimedUntil !== claimedUntil) return record;
  return { ...record, delivery: released(delivery) };
}

/** True if the record alone, without its journal, shows that something is due. */
export function isDue(record: ReviewRecord, at: Circumstances): boolean {
  const { delivery } = record;
  if (isTelling(delivery, at.nowMs)) return false;
  if (delivery && (hasDueChannel(record, at) || isStale(delivery, at.nowMs))) return true;
  return record.state === "open" && dueLevel(record, at) !== undefined;
}

function openRecord(asked: StoredEntry, at: Circumstances): NextStep {
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
    severity: at.policy.routeOf(reason).severity,
    formerSeverities: [],
    channels: {},
    delivery: null,
    answeredAt: null,
    answeredBy: null,
    answer: null,
  };
  return { kind: "write", record: claim(record, "open", at), claimed: true };
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
  at: Circumstances,
): NextStep {
  const { delivery } = record;
  const next = asked && asked.sequence > record.latest ? asked : undefined;
  if (!delivery || isTelling(delivery, at.nowMs)) return { kind: next ? "wait" : "rest" };
  const canTry = hasDueChannel(record, at);
  if (next && !(canTry && isUntried(delivery))) return openRecord(next, at);
  if (canTry) return claimAgain(record, at);
  if (!isStale(delivery, at.nowMs)) return { kind: "rest" };
  return { kind: "write", record: { ...record, delivery: null }, claimed: false };
}

function tellIfDue(record: ReviewRecord, at: Circumstances): NextStep {
  if (isTelling(record.delivery, at.nowMs)) return { kind: "rest" };
  const due = dueLevel(record, at);
  if (due === undefined)
    return hasDueChannel(record, at) ? claimAgain(record, at) : { kind: "rest" };
  const overdueAt = due === "overdue" ? instant(at.nowMs) : record.overdueAt;
  const remindersSent = record.remindersSent + (due.startsWith("reminder-") ? 1 : 0);
  const claimed = claim({ ...record, overdueAt, remindersSent }, due, at);
  return { kind: "write", record: claimed, claimed: true };
}

function dueLevel(
  record: ReviewRecord,
  { policy, nowMs }: Pick<Circumstances, "policy" | "nowMs">,
): ReviewLevel | undefined {
  const { deadline, overdueAt, remindersSent, lastNotifiedAt, openedAt, delivery } = record;
  const { reminderEveryMs, remindersMax } = policy.routeOf(record.reason);
  if (deadline !== null && overdueAt === null && nowMs >= Date.parse(deadline)) return "overdue";
  if (remindersSent >= remindersMax) return undefined;
  const since = Math.max(
    Date.parse(lastNotifiedAt ?? openedAt),
    delivery ? Date.parse(delivery.notice.time) : 0,
  );
  if (nowMs < since + reminderEveryMs) return undefined;
  return `reminder-${remindersSent + 1}`;
}

function hasDueChannel({ delivery }: ReviewRecord, at: Circumstances): boolean {
  return delivery !== null && dueChannels(delivery, at.nowMs).some((name) => at.isReachable(name));
}

/** V2, V4: the record with this level to be told, to everybody whom the policy names by now. */
function claim(
  record: ReviewRecord,
  level: ReviewLevel,
  { policy, nowMs }: Pick<Circumstances, "policy" | "nowMs">,
): ReviewRecord {
  const { reason, remindersSent, overdueAt, severity, formerSeverities } = record;
  const now = reached(policy.routeOf(reason), {
    reminders: remindersSent,
    overdue: overdueAt !== null,
  });
  // Who was told that it's open is told that it's over, whatever the policy says by then.
  const isOver = level === "resolved";
  const names = isOver ? Object.keys(record.channels).slice(0, MAX_CHANNELS) : now.channels;
  const isChanged = !isOver && now.severity !== severity;
  const unknown = names.filter((name) => !Object.hasOwn(record.channels, name));
  const changed: ReviewRecord = {
    ...record,
    severity: isChanged ? now.severity : severity,
    formerSeverities: isChanged
      ? [...new Set([...formerSeverities, severity])].filter((one) => one !== now.severity)
      : formerSeverities,
    channels: { ...record.channels, ...Object.fromEntries(unknown.map((name) => [name, null])) },
  };
  if (names.length === 0) return { ...changed, delivery: null };
  const notice = noticeOf(changed, level, instant(nowMs));
  return { ...changed, delivery: begin(notice, names, { leaseMs: policy.leaseMs, nowMs }) };
}

function claimAgain(record: ReviewRecord, { policy, nowMs }: Circumstances): NextStep {
  if (!record.delivery) return { kind: "rest" };
  const delivery = takeUp(record.delivery, { leaseMs: policy.leaseMs, nowMs });
  return { kind: "write", record: { ...record, delivery }, claimed: true };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
