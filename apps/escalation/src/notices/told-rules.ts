/**
 * What becomes of a record that people are told about, whatever it is about: pure, time comes in as an argument.
 *
 * V1: what people must be told stands in the record, word for word, before anybody is told; each channel leaves it after.
 * V2: a notice is told by whoever claimed it against the record's revision; when the claim is over, by anybody.
 * V3: one notice at a time: the next one waits while this one is being told. Then it takes its place: a channel that couldn't be
 *     reached gets the later one, which says how the matter stands, instead of all that it missed.
 */
import {
  MAX_CHANNELS,
  type Notice,
  type NoticeLevel,
  type Severity,
  type ToldChannel,
  type ToldRecord,
} from "@baton/contracts";

import { reached, type Route, type RoutedReason } from "../policy/route.ts";
import {
  afterAttempts,
  type Attempt,
  begin,
  dueChannels,
  isStale,
  isTelling,
  released,
  takeUp,
} from "./delivery-rules.ts";

/** A record that people are told about. */
export type Told = ToldRecord & { readonly reason: RoutedReason };

/** How the notices of one kind of records read. */
export interface Wording<R extends Told> {
  /** The notice of a level that became due at `time`; the record says the rest, its severity included. */
  noticeOf(record: R, level: NoticeLevel, time: string): Notice;
  /** How grave it is where its route doesn't say. */
  usualSeverity(record: R): Severity;
}

/** When people are told, and who. */
export interface NoticePolicy {
  /** How long a claim holds. */
  readonly leaseMs: number;
  routeOf(reason: RoutedReason): Route;
}

/** When something is decided, and what is known at that moment. */
export interface Circumstances {
  readonly policy: NoticePolicy;
  readonly nowMs: number;
  /** False for a channel that can't be tried now. */
  isReachable(channel: string): boolean;
}

/** What is to be done about a record; `claimed` means: tell its notice after the write. */
export type Step<R> =
  | { readonly kind: "rest" }
  /** Another replica is telling about what was before. */
  | { readonly kind: "wait" }
  | { readonly kind: "write"; readonly record: R; readonly claimed: boolean };

/** The fields of a record that nobody was told about yet; `claim` gives it its severity. */
export function untold(openedAt: string, deadline: string | null): ToldRecord {
  return {
    openedAt,
    deadline,
    state: "open",
    overdueAt: null,
    remindersSent: 0,
    lastNotifiedAt: null,
    severity: "warning",
    formerSeverities: [],
    channels: {},
    delivery: null,
    answeredAt: null,
    answeredBy: null,
    answer: null,
  };
}

/** V1, V3: the record with this level to be told, to everybody whom the policy names by now. */
export function claim<R extends Told>(
  wording: Wording<R>,
  record: R,
  level: NoticeLevel,
  { policy, nowMs }: Pick<Circumstances, "policy" | "nowMs">,
): R {
  const { reason, remindersSent, overdueAt, severity, formerSeverities } = record;
  const now = reached(policy.routeOf(reason), {
    reminders: remindersSent,
    overdue: overdueAt !== null,
    usual: wording.usualSeverity(record),
  });
  // Who was told that it's open is told that it's over, whatever the policy says by then.
  const isOver = level === "resolved";
  const names = isOver ? Object.keys(record.channels).slice(0, MAX_CHANNELS) : now.channels;
  // Nobody was told of the severity that a new record has.
  const isFirst = level === "open";
  const isChanged = !isOver && now.severity !== severity;
  const unknown = names.filter((name) => !Object.hasOwn(record.channels, name));
  const changed: R = {
    ...record,
    severity: isChanged ? now.severity : severity,
    formerSeverities:
      isChanged && !isFirst
        ? [...new Set([...formerSeverities, severity])].filter((one) => one !== now.severity)
        : formerSeverities,
    channels: { ...record.channels, ...Object.fromEntries(unknown.map((name) => [name, null])) },
  };
  if (names.length === 0) return { ...changed, delivery: null };
  const notice = wording.noticeOf(changed, level, instant(nowMs));
  return { ...changed, delivery: begin(notice, names, { leaseMs: policy.leaseMs, nowMs }) };
}

/** What is due about an open record: a passed deadline, a reminder, a channel that has to be tried again. */
export function tellIfDue<R extends Told>(
  wording: Wording<R>,
  record: R,
  at: Circumstances,
): Step<R> {
  if (isTelling(record.delivery, at.nowMs)) return { kind: "rest" };
  const due = dueLevel(record, at);
  if (due === undefined) return hasDueChannel(record, at) ? claimAgain(record, at) : REST;
  const overdueAt = due === "overdue" ? instant(at.nowMs) : record.overdueAt;
  const remindersSent = record.remindersSent + (due.startsWith("reminder-") ? 1 : 0);
  const claimed = claim(wording, { ...record, overdueAt, remindersSent }, due, at);
  return { kind: "write", record: claimed, claimed: true };
}

/** What is left to do about an answered record: channels to be told so, until that isn't worth it any more. */
export function finish<R extends Told>(record: R, at: Circumstances): Step<R> {
  const { delivery } = record;
  if (!delivery || isTelling(delivery, at.nowMs)) return REST;
  if (hasDueChannel(record, at)) return claimAgain(record, at);
  if (!isStale(delivery, at.nowMs)) return REST;
  return { kind: "write", record: { ...record, delivery: null }, claimed: false };
}

/** The record after some channels had their turn. */
export function afterTelling<R extends Told>(
  record: R,
  attempts: ReadonlyMap<string, Attempt>,
  nowMs: number,
): R {
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
export function afterClaim<R extends Told>(record: R, claimedUntil: string): R {
  const { delivery } = record;
  if (!delivery || delivery.claimedUntil !== claimedUntil) return record;
  return { ...record, delivery: released(delivery) };
}

/** True if the record alone, without what it is about, shows that something is due. */
export function isDue(record: Told, at: Circumstances): boolean {
  const { delivery } = record;
  if (isTelling(delivery, at.nowMs)) return false;
  if (delivery && (hasDueChannel(record, at) || isStale(delivery, at.nowMs))) return true;
  return record.state === "open" && dueLevel(record, at) !== undefined;
}

/** True if a channel waits for its turn and can be tried. */
export function hasDueChannel({ delivery }: ToldRecord, at: Circumstances): boolean {
  return delivery !== null && dueChannels(delivery, at.nowMs).some((name) => at.isReachable(name));
}

/** How an open record stands, for channels that must be told again and again. */
export function standingNotice<R extends Told>(wording: Wording<R>, record: R): Notice {
  const { overdueAt, remindersSent, lastNotifiedAt, openedAt } = record;
  const reminded = remindersSent > 0 ? `reminder-${remindersSent}` : "open";
  const level = overdueAt === null ? reminded : "overdue";
  return wording.noticeOf(record, level, lastNotifiedAt ?? openedAt);
}

const REST = { kind: "rest" } as const;

function dueLevel(
  record: Told,
  { policy, nowMs }: Pick<Circumstances, "policy" | "nowMs">,
): NoticeLevel | undefined {
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

function claimAgain<R extends Told>(record: R, { policy, nowMs }: Circumstances): Step<R> {
  if (!record.delivery) return REST;
  const delivery = takeUp(record.delivery, { leaseMs: policy.leaseMs, nowMs });
  return { kind: "write", record: { ...record, delivery }, claimed: true };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
