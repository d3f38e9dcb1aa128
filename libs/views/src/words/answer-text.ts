/** Who may answer a review, in words. */
import type { ReviewAnswer } from "@baton/contracts";

/** One way to answer, and who may: `approve by risk or owner, 2 people, not by ada`. */
export function answerText(answer: ReviewAnswer): string {
  return `${answer.command} by ${whoText(answer)}`;
}

/** Who may: `risk or owner, 2 people, not by ada`. */
export function whoText({ roles, people, notBy }: Omit<ReviewAnswer, "command">): string {
  const who = roles.length > 0 ? roles.join(" or ") : "anybody";
  const count = people > 1 ? `, ${people} people` : "";
  return `${who}${count}${notBy === undefined ? "" : `, not by ${notBy}`}`;
}
