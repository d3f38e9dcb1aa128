/** What people are told about a matter of the mesh: pure. */
import type { MeshMatterRecord, Notice, NoticeLevel } from "@baton/contracts";

import { answerOf, asText, kindOf } from "../notices/notice-words.ts";
import type { Wording } from "../notices/told-rules.ts";

/** How the notices of matters read. */
export const MATTER_WORDING: Wording<MeshMatterRecord> = {
  noticeOf,
  usualSeverity: ({ usualSeverity }) => usualSeverity,
};

/** The notice of a level that became due at `time`; the record says the rest, its severity included. */
function noticeOf(record: MeshMatterRecord, level: NoticeLevel, time: string): Notice {
  const { matter, subject, reason, facts, what, remindersSent, severity } = record;
  const kind = kindOf(level);
  const summary = {
    open: what,
    reminder: `Still open, reminder ${remindersSent}. ${what}`,
    overdue: what,
    resolved: `Over, by ${record.answeredBy ?? "nobody"}. ${what}`,
  }[kind];
  return asText({
    type: "baton.notice.v1",
    key: `${matter}.${level}`,
    matter,
    kind,
    topic: "controls",
    subject,
    severity,
    formerSeverities: record.formerSeverities,
    reason,
    summary,
    detail: record.detail,
    action: kind === "resolved" ? "" : record.action,
    time,
    openedAt: record.openedAt,
    deadline: record.deadline,
    overdue: record.overdueAt !== null,
    reminders: remindersSent,
    answer: answerOf(record),
    facts,
    traceId: null,
  });
}
