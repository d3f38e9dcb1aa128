/** What people are told about a review: pure. */
import {
  cut,
  type Notice,
  type NoticeKind,
  noticeKey,
  REASONS,
  type ReviewLevel,
  reviewMatter,
  type ReviewRecord,
} from "@baton/contracts";

/** The notice of a level that became due at `time`; the record says the rest, its severity included. */
export function noticeOf(record: ReviewRecord, level: ReviewLevel, time: string): Notice {
  const { candidateId, runId, stage, sequence, next, trace, reason } = record;
  const kind = kindOf(level);
  return {
    type: "baton.notice.v1",
    key: noticeKey(record, level),
    matter: reviewMatter(record),
    kind,
    topic: "review",
    subject: candidateId,
    severity: record.severity,
    formerSeverities: record.formerSeverities,
    reason,
    summary: cut(summaryOf(record, kind)),
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
  };
}

/** How an open review stands, for channels that must be told again and again. */
export function standingNoticeOf(record: ReviewRecord): Notice {
  const { overdueAt, remindersSent, lastNotifiedAt, openedAt } = record;
  const reminded = remindersSent > 0 ? `reminder-${remindersSent}` : "open";
  return noticeOf(record, overdueAt === null ? reminded : "overdue", lastNotifiedAt ?? openedAt);
}

function kindOf(level: ReviewLevel): NoticeKind {
  if (level === "open" || level === "overdue" || level === "resolved") return level;
  return "reminder";
}

function summaryOf(record: ReviewRecord, kind: NoticeKind): string {
  const { candidateId, stage, reason, remindersSent, answer, answeredBy } = record;
  const who = `${candidateId} at ${stage}`;
  const why = `${reason}: ${REASONS[reason].meaning}`;
  if (kind === "open") return `${who} waits for a person. ${why}`;
  if (kind === "reminder")
    return `${who} still waits for a person, reminder ${remindersSent}. ${why}`;
  if (kind === "overdue") return `${who} is overdue: its deadline has passed. ${why}`;
  return `${who} waits no longer: ${answer ?? "?"} by ${answeredBy ?? "nobody"} (${reason})`;
}

function answerOf({ answer, answeredBy, answeredAt }: ReviewRecord): Notice["answer"] {
  if (answer === null || answeredAt === null) return null;
  return { by: answeredBy, what: answer, at: answeredAt };
}
