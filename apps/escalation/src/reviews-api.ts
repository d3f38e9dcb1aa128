import {
  type MeshMatterRecord,
  reasonText,
  type ReviewRecord,
  type ToldRecord,
} from "@baton/contracts";
import { Hono } from "hono";

import type { ChannelState } from "./notices/switchboard.ts";
import type { RecordCopy } from "./record-copy.ts";

const DEFAULT_LIMIT = 200;
const MAX_LIMIT = 1000;

/**
 * `GET /reviews?limit=` lists the open reviews, the oldest first, with how many there are and which channel was told what; 503
 * until the process knows them. `GET /matters` does so with what is open for the whole mesh: at most 97 at a time. `GET /channels`
 * says how this process gets on with each channel.
 *
 * They are answered with `baton approve`, `kill-switch release` and the like, not here.
 */
export function createReviewsApi(
  copy: RecordCopy,
  channels: () => readonly ChannelState[],
  now: () => number,
): Hono {
  const app = new Hono();
  app.get("/channels", ({ json }) => json({ channels: channels().map(presentChannel) }));
  app.get("/reviews", ({ json, req }) => {
    if (!copy.whole) return json({ error: "the reviews are still being read" }, 503);
    const asked = req.query("limit") ?? String(DEFAULT_LIMIT);
    const limit = /^\d{1,4}$/.test(asked) ? Number(asked) : 0;
    if (limit < 1 || limit > MAX_LIMIT)
      return json({ error: `limit: must be a whole number from 1 to ${MAX_LIMIT}` }, 400);
    const open = openAmong(copy.reviews());
    return json({
      total: open.length,
      reviews: open.slice(0, limit).map((record) => present(record, now())),
    });
  });
  app.get("/matters", ({ json }) => {
    if (!copy.whole) return json({ error: "the matters are still being read" }, 503);
    const open = openAmong(copy.matters());
    return json({ total: open.length, matters: open.map((one) => presentMatter(one, now())) });
  });
  const places =
    "the open reviews are at /reviews, those of the mesh at /matters, the channels at /channels";
  app.notFound(({ json }) => json({ error: `not found; ${places}` }, 404));
  return app;
}

/** The oldest first. */
function openAmong<R extends ToldRecord>(records: Iterable<R>): R[] {
  return [...records]
    .filter(({ state }) => state === "open")
    .toSorted((one, other) => one.openedAt.localeCompare(other.openedAt));
}

function present(record: ReviewRecord, nowMs: number) {
  const { candidateId, runId, stage, reason, detail, action, next, sequence, trace } = record;
  return {
    candidateId,
    runId,
    stage,
    reason,
    meaning: reasonText(reason).meaning,
    detail,
    action,
    next,
    sequence,
    ...presentTold(record, nowMs),
    traceId: trace.slice(3, 35),
  };
}

function presentMatter(record: MeshMatterRecord, nowMs: number) {
  const { matter, reason, subject, facts, what, detail, action } = record;
  return { matter, reason, subject, facts, what, detail, action, ...presentTold(record, nowMs) };
}

function presentTold(record: ToldRecord, nowMs: number) {
  const { openedAt, deadline, overdueAt, remindersSent, lastNotifiedAt } = record;
  const { severity, channels, delivery } = record;
  return {
    openedAt,
    ageSeconds: Math.max(0, Math.round((nowMs - Date.parse(openedAt)) / 1000)),
    deadline,
    overdue: overdueAt !== null,
    remindersSent,
    lastNotifiedAt,
    severity,
    told: channels,
    waiting: (delivery?.waiting ?? []).map(({ name, ...how }) => {
      return { channel: name, level: delivery?.notice.key.split(".").at(-1), ...how };
    }),
  };
}

function presentChannel({ name, type, trouble, toldMs }: ChannelState) {
  return {
    name,
    type,
    ok: trouble === undefined,
    failingSince: trouble ? new Date(trouble.sinceMs).toISOString() : null,
    why: trouble?.why ?? null,
    lastTold: toldMs === undefined ? null : new Date(toldMs).toISOString(),
  };
}
