/** Parts of a notice that follow from any record alike: pure. */
import type { Notice, NoticeKind, NoticeLevel, ToldRecord } from "@baton/contracts";

/** What happened, by its level. */
export function kindOf(level: NoticeLevel): NoticeKind {
  if (level === "open" || level === "overdue" || level === "resolved") return level;
  return "reminder";
}

/** Who answered, what and when; null while nobody has. */
export function answerOf({ answer, answeredBy, answeredAt }: ToldRecord): Notice["answer"] {
  if (answer === null || answeredAt === null) return null;
  return { by: answeredBy, what: answer, at: answeredAt };
}
