/**
 * How a notice gets to every channel: pure, time comes in as an argument. Whoever keeps a matter keeps its delivery with it and
 * writes it against a revision, so that of several processes one tells.
 *
 * T1: a delivery is claimed before anybody is told; while the claim holds nobody else tells. When its holder dies, it runs out.
 * T2: a channel leaves the delivery when it was told. What happens to one says nothing about another.
 * T3: a channel that failed is tried again, later each time, as long as the notice stands; one that refused after the longest
 *     pause, because a person must mend something first. Nothing that is open is given up; a resolved matter is after a day.
 */
import type { Notice, NoticeDelivery, WaitingChannel } from "@baton/contracts";

import type { TellOutcome } from "./channel.ts";

/** What became of a channel's turn; `deferred`: it wasn't tried, because its receiver is known to be down, or for want of time. */
export type Attempt =
  | TellOutcome
  | { readonly kind: "deferred"; readonly why: string; readonly untilMs: number };

/** Longest pause between two attempts. */
export const MAX_PAUSE_MS = 300_000;
/** That a matter was resolved is worth telling for so long. */
const RESOLVED_MS = 86_400_000;
const MAX_WHY = 300;

/** A delivery to `channels` (one at least), claimed by whoever writes it. */
export function begin(
  notice: Notice,
  channels: readonly string[],
  { leaseMs, nowMs }: { leaseMs: number; nowMs: number },
): NoticeDelivery {
  const nextAt = instant(nowMs);
  return {
    notice,
    claimedUntil: instant(nowMs + leaseMs),
    waiting: channels.map((name) => ({ name, failed: 0, nextAt, why: null })),
  };
}

/** The delivery claimed anew for those whose turn it is. */
export function takeUp(
  delivery: NoticeDelivery,
  { leaseMs, nowMs }: { leaseMs: number; nowMs: number },
): NoticeDelivery {
  return { ...delivery, claimedUntil: instant(nowMs + leaseMs) };
}

/** True while somebody tells it. */
export function isTelling(delivery: NoticeDelivery | null, nowMs: number): boolean {
  return delivery?.claimedUntil != null && nowMs < Date.parse(delivery.claimedUntil);
}

/** Channels whose turn it is. */
export function dueChannels({ waiting }: NoticeDelivery, nowMs: number): readonly string[] {
  return waiting.filter(({ nextAt }) => Date.parse(nextAt) <= nowMs).map(({ name }) => name);
}

/** True if some channel wasn't tried at all, nor found to be down. */
export function isUntried({ waiting }: NoticeDelivery): boolean {
  return waiting.some(({ why }) => why === null);
}

/** True if the notice isn't worth more attempts. */
export function isStale({ notice }: NoticeDelivery, nowMs: number): boolean {
  return notice.kind === "resolved" && nowMs >= Date.parse(notice.time) + RESOLVED_MS;
}

/** The delivery after some channels had their turn; null when none is left. */
export function afterAttempts(
  delivery: NoticeDelivery,
  attempts: ReadonlyMap<string, Attempt>,
  nowMs: number,
): NoticeDelivery | null {
  const waiting = delivery.waiting.flatMap((one) => {
    const attempt = attempts.get(one.name);
    if (!attempt) return [one];
    return attempt.kind === "told" ? [] : [afterAttempt(one, attempt, nowMs)];
  });
  return waiting.length === 0 ? null : { ...delivery, waiting };
}

/** The delivery that nobody tells at the moment. */
export function released(delivery: NoticeDelivery): NoticeDelivery {
  return { ...delivery, claimedUntil: null };
}

function afterAttempt(
  one: WaitingChannel,
  attempt: Exclude<Attempt, { kind: "told" }>,
  nowMs: number,
): WaitingChannel {
  const why = attempt.why.slice(0, MAX_WHY);
  if (attempt.kind === "deferred") return { ...one, why, nextAt: instant(attempt.untilMs) };
  const failed = one.failed + 1;
  const pauseMs =
    attempt.kind === "refused"
      ? MAX_PAUSE_MS
      : Math.max(pauseAfter(failed), attempt.retryAfterMs ?? 0);
  return { ...one, why, failed, nextAt: instant(nowMs + pauseMs) };
}

/** Pause after so many failures in a row: 1 s, 2 s, 4 s … 5 min. */
export function pauseAfter(failures: number): number {
  return Math.min(MAX_PAUSE_MS, 1000 * 2 ** Math.min(failures - 1, 20));
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
