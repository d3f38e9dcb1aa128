import type { Notice } from "@baton/contracts";

import { at } from "./question.ts";

/** A notice that a review was opened. */
export function noticeWith(changes: Partial<Notice> = {}): Notice {
  return {
    type: "baton.notice.v1",
    key: "cand-0001.7.open",
    matter: "cand-0001.7",
    kind: "open",
    topic: "review",
    subject: "cand-0001",
    severity: "warning",
    formerSeverities: [],
    reason: "APPROVAL_REQUIRED",
    summary:
      "cand-0001 at live-ramp waits for a person. APPROVAL_REQUIRED: The next stage needs approval.",
    detail: "live-ramp needs approval",
    action: "Read the evidence, then `baton approve cand-0001`.",
    time: at(0),
    openedAt: at(0),
    deadline: at(10_000),
    overdue: false,
    reminders: 0,
    answer: null,
    facts: { candidateId: "cand-0001", stage: "live-ramp", runId: "run-0001" },
    traceId: "a".repeat(32),
    ...changes,
  };
}
