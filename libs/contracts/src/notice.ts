/**
 * Notices: what people are told, over whichever channels. A notice says all by itself, so that a channel needs to know neither
 * reviews nor the mesh, and it is kept as it was first worded until every channel was told: one key, one text.
 *
 * N1: the same `key` means the same notice, word for word, however often and by whomever it is sent.
 * N2: all notices about one matter (opened, reminder, overdue, resolved) share `matter`, `topic`, `subject`, `reason` and `facts`.
 */
import { z } from "zod";

import { MAX_TEXT } from "./failure.ts";
import { Instant } from "./names.ts";
import { wireObject } from "./wire.ts";

/** Most channels that one notice can go to. */
export const MAX_CHANNELS = 16;

/** Name of a channel, as its owner chose it. */
export const ChannelName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, "1 to 32 characters, only a-z, 0-9 and '-', starting with a-z");
export type ChannelName = z.infer<typeof ChannelName>;

/** How much it presses; the words are those that alert rules commonly use. */
export const Severity = z.enum(["info", "warning", "critical"]);
export type Severity = z.infer<typeof Severity>;

/** What happened to the matter. */
export const NoticeKind = z.enum(["open", "reminder", "overdue", "resolved"]);
export type NoticeKind = z.infer<typeof NoticeKind>;

/** Parts of a-z, 0-9 and '-', joined by dots: safe in headers, and another separator can stand for the dot. */
const Dotted = z.string().regex(/^[a-z0-9-]{1,80}(?:\.[a-z0-9-]{1,80}){1,5}$/);

/** What a person is told, and the body of the generic webhook. Tolerant (wire.ts). */
export const Notice = wireObject({
  type: z.literal("baton.notice.v1"),
  /** `matter.level`: whoever is told twice can tell by it. */
  key: Dotted,
  /** Names what this is about from its opening to its end; for a review `candidateId.sequence`. */
  matter: Dotted,
  kind: NoticeKind,
  /** Kind of matter, such as `review`. */
  topic: z.string().regex(/^[a-z][a-z-]{0,31}$/),
  /** Whom it concerns: a candidate's id, or `mesh`. */
  subject: z.string().min(1).max(120),
  severity: Severity,
  /** Severities that earlier notices of the matter had. */
  formerSeverities: z.array(Severity).max(3),
  /** Code that says why; for a review one of REASONS. */
  reason: z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/),
  /** One sentence: what happened. */
  summary: z.string().max(MAX_TEXT),
  /** The particulars. */
  detail: z.string().max(MAX_TEXT),
  /** The one thing to do. */
  action: z.string().max(MAX_TEXT),
  /** When it became due to tell this. */
  time: Instant,
  openedAt: Instant,
  deadline: Instant.nullable(),
  /** True from the passed deadline on. */
  overdue: z.boolean(),
  /** Reminders up to this notice, itself included. */
  reminders: z.int().min(0),
  /** Only when resolved: who answered (null if it wasn't a person), what, and when. */
  answer: wireObject({
    by: z.string().max(120).nullable(),
    what: z.string().max(60),
    at: Instant,
  }).nullable(),
  /** Where it belongs, such as candidateId, stage, runId. */
  facts: z.record(z.string().regex(/^[a-z][A-Za-z0-9]{0,31}$/), z.string().min(1).max(120)),
  traceId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .nullable(),
});
export type Notice = z.infer<typeof Notice>;

/** A channel that a notice hasn't reached yet. */
export const WaitingChannel = wireObject({
  name: ChannelName,
  /** Attempts that failed. */
  failed: z.int().min(0),
  /** Not tried before. */
  nextAt: Instant,
  /** Why it wasn't told; null if it wasn't tried yet. */
  why: z.string().max(300).nullable(),
});
export type WaitingChannel = z.infer<typeof WaitingChannel>;

/** A notice under way. It ends when no channel waits any more; then there's none. */
export const NoticeDelivery = wireObject({
  notice: Notice,
  /** Somebody tells it until then, and nobody else; null when nobody does. */
  claimedUntil: Instant.nullable(),
  waiting: z.array(WaitingChannel).min(1).max(MAX_CHANNELS),
});
export type NoticeDelivery = z.infer<typeof NoticeDelivery>;
