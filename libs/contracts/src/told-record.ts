/**
 * What escalation keeps of every matter that people are told about, be it a review or one of the whole mesh: how it stands, who
 * was told what, and what is still to be told. Such records are changed only against their revision, so that any replica can go
 * on where another was killed.
 */
import { z } from "zod";

import { Identity } from "./identity.ts";
import { Instant } from "./names.ts";
import { ChannelName, NoticeDelivery, Severity } from "./notice.ts";
import { wireObject } from "./wire.ts";

/** What people are told about a matter: each level once. */
export const NoticeLevel = z
  .string()
  .regex(/^(?:open|overdue|resolved|reminder-[1-9][0-9]{0,3})$/, "level: not one of a notice");
export type NoticeLevel = z.infer<typeof NoticeLevel>;

/** The last thing that a channel was told about a matter. */
export const ToldChannel = wireObject({ level: NoticeLevel, at: Instant });
export type ToldChannel = z.infer<typeof ToldChannel>;

/** The part that all such records share. */
export const ToldRecord = wireObject({
  openedAt: Instant,
  deadline: Instant.nullable(),
  state: z.enum(["open", "answered"]),
  /** When it was marked overdue; null while it isn't. */
  overdueAt: Instant.nullable(),
  remindersSent: z.int().min(0),
  lastNotifiedAt: Instant.nullable(),
  /** Of the latest notice. */
  severity: Severity.default("warning"),
  formerSeverities: z.array(Severity).max(3).default([]),
  /** Every channel that was to be told anything, with the last thing it was told; null if nothing yet. */
  channels: z.record(ChannelName, ToldChannel.nullable()).default({}),
  /** What is still to be told, and to whom; null when everybody was told everything. */
  delivery: NoticeDelivery.nullable().default(null),
  answeredAt: Instant.nullable(),
  /** Who answered; null if it wasn't a person (a late result, say). */
  answeredBy: Identity.nullable(),
  /** Type of the command that answered it, or the kind of what did. */
  answer: z.string().max(60).nullable(),
});
export type ToldRecord = z.infer<typeof ToldRecord>;
