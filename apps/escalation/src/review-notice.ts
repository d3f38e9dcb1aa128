/** What people are told about a review: pure. */
import {
  type Notice,
  type NoticeKind,
  noticeKey,
  type NoticeLevel,
  reasonText,
  reviewMatter,
  type ReviewRecord,
} from "@baton/contracts";

import { answerOf, asText, kindOf } from "./notices/notice-words.ts";
import type { Wording } from "./notices/told-rules.ts";

/** How the notices of reviews read. */
export const REVIEW_WORDING: Wording<ReviewRecord> = { noticeOf, usualSeverity: () => "warning" };

/** The notice of a level that became due at `time`; the record says the rest, its severity included. */
function noticeOf(record: ReviewRecord, level: NoticeLevel, time: string): Notice {
  const { candidateId, runId, stage, sequence, next, trace, reason } = record;
  const kind = kindOf(level);
  return asText({
    type: "baton.notice.v1",
    key: noticeKey(record, level),
    matter: reviewMatter(record),
    kind,
    topic: "review",
    subject: candidateId,
    severity: record.severity,
    formerSeverities: record.formerSeverities,
    reason,
    summary: summaryOf(record, kind),
    detail: record.detail,
    action: record.action,
    time,
    openedAt: record.openedAt,
    deadline: record.deadline,
    overdue: record.overdueAt !== null,
    reminders: record.remindersSent,
    answer: answerOf(record),
    facts: { candidateId, stage, runId, sequence: String(sequence), ...(next && { next }) },
    traceId: trace.slice(3, 35),
  });
}

function summaryOf(record: ReviewRecord, kind: NoticeKind): string {
  const { candidateId, stage, reason, remindersSent, answer, answeredBy } = record;
  const who = `${candidateId} at ${stage}`;
  const why = `${reason}: ${reasonText(reason).meaning}`;
  if (kind === "open") return `${who} waits for a person. ${why}`;
  if (kind === "reminder")
    return `${who} still waits for a person, reminder ${remindersSent}. ${why}`;
  if (kind === "overdue") return `${who} is overdue: its deadline has passed. ${why}`;
  return `${who} waits no longer: ${endOf(answer, answeredBy)} (${reason})`;
}

/** No person answers what a lifted stop, a late result or a deadline ends. */
function endOf(answer: string | null, by: string | null): string {
  if (by !== null) return `${answer ?? "answered"} by ${by}`;
  if (answer === "lifted") return "what stopped it was lifted, and it goes on by itself";
  return answer ?? "answered";
}
