/**
 * Settles a record: decides, writes, tells, until nothing is left to do. Any replica may do it at any moment, any number at once.
 *
 * D1: the record is read, the pure rules decide, the write is refused if the record was changed since: then again.
 * D2: whoever wrote a notice tells it, and writes of each channel as soon as it is known that it was told; a kill in between
 *     means that those not yet written are told again (same key, same words).
 */
import type { Log } from "@baton/telemetry";

import { type Attempt, dueChannels } from "./notices/delivery-rules.ts";
import type { Switchboard } from "./notices/switchboard.ts";
import {
  afterClaim,
  afterTelling,
  type Circumstances,
  type NoticePolicy,
  type Step,
  type Told,
} from "./notices/told-rules.ts";
import type { RecordBook } from "./record-book.ts";

/** What a desk works with. */
export interface RecordDeskParts<R extends Told> {
  readonly book: RecordBook<R>;
  readonly switchboard: Pick<Switchboard, "deliver" | "isReachable">;
  readonly policy: NoticePolicy;
  readonly log: Log;
  readonly now: () => number;
}

/** How it ended; `later`: another replica is telling people about what was before, so ask again. */
export type Settled = "settled" | "later";

/** Rounds of one call; each is a write of ours or a write of others that came first. */
const MAX_ROUNDS = 50;

/** Settles the record under `key` by what `decide` says of it. Throws what the bucket and `decide` throw. */
export async function settleRecord<R extends Told>(
  parts: RecordDeskParts<R>,
  key: string,
  decide: (record: R | undefined, at: Circumstances) => Promise<Step<R>>,
): Promise<Settled> {
  const { book, policy, now, switchboard } = parts;
  const isReachable = (name: string): boolean => switchboard.isReachable(name);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    // The record first: what its source says after that is newer than it, never older.
    const { record, revision } = await book.read(key);
    const step = await decide(record, { policy, isReachable, nowMs: now() });
    if (step.kind === "rest") return "settled";
    if (step.kind === "wait") return "later";
    const isMine = await book.write(step.record, revision);
    if (isMine && step.claimed) await tell(parts, key, step.record);
  }
  throw new Error(`${key}: its record was changed by others ${MAX_ROUNDS} times in a row`);
}

async function tell<R extends Told>(
  parts: RecordDeskParts<R>,
  key: string,
  { delivery }: R,
): Promise<void> {
  const { switchboard, policy, log, now } = parts;
  if (!delivery) return;
  const { notice, claimedUntil } = delivery;
  const names = dueChannels(delivery, now());
  const left = new Set(names);
  // A third of the lease: the rest is for writing what became of it while the claim still holds.
  for await (const attempts of switchboard.deliver(notice, names, policy.leaseMs / 3)) {
    for (const [channel, attempt] of attempts) {
      left.delete(channel);
      if (attempt.kind === "told" || attempt.kind === "deferred") continue;
      const { kind: outcome, why } = attempt;
      const fields = { key: notice.key, channel, outcome, why };
      if (outcome === "refused") log.error(fields, "notice refused; a person must mend this");
      else log.warn(fields, "notice not told; tried again later");
    }
    const over = left.size === 0 ? claimedUntil : null;
    await writeTold(parts, key, { notice: notice.key, attempts, over });
  }
}

/** Somebody may have noted something else meanwhile; then only the notice's part is written. */
async function writeTold<R extends Told>(
  { book, now }: RecordDeskParts<R>,
  key: string,
  news: {
    readonly notice: string;
    readonly attempts: ReadonlyMap<string, Attempt>;
    /** The claim that ends with this; null while others are still to be told. */
    readonly over: string | null;
  },
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const { record, revision } = await book.read(key);
    // Another notice has taken its place.
    if (record?.delivery?.notice.key !== news.notice) return;
    const told = afterTelling(record, news.attempts, now());
    if (await book.write(news.over === null ? told : afterClaim(told, news.over), revision)) return;
  }
}
