/** Parts of a notice that follow from any record alike: pure. */
import {
  cut,
  type Notice,
  type NoticeKind,
  type NoticeLevel,
  type ToldRecord,
} from "@baton/contracts";
import { cutTo, printable, printableLines } from "@baton/text/printable";

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

/**
 * A notice as it may go to any channel, as long as the wire takes: what people, lanes and files wrote is in its words, and what
 * is unprintable in them is escaped.
 */
export function asText(notice: Notice): Notice {
  const { summary, detail, action, facts } = notice;
  return {
    ...notice,
    summary: cut(printable(summary)),
    detail: cut(printableLines(detail)),
    action: cut(printableLines(action)),
    facts: Object.fromEntries(
      Object.entries(facts).map(([name, value]) => [name, cutTo(printable(value), 120)]),
    ),
  };
}
