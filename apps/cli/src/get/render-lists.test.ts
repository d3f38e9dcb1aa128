import { expect, test } from "vitest";

import { type CandidateRow, renderCandidates } from "./get-candidates.ts";
import { renderReviews, type ReviewRow } from "./get-reviews.ts";

const now = Date.UTC(2026, 2, 1, 12);

const candidate: CandidateRow = {
  candidateId: "cand-sample",
  stage: "draft",
  holder: "lane-a",
  reason: "SUBMITTED",
  since: "2026-03-01T11:58:00.000Z",
  runId: "run-sample",
  iteration: 2,
  feedback: [],
  sequence: 7,
  deadline: null,
  detail: "x".repeat(300),
};

const review: ReviewRow = {
  candidateId: "cand-sample",
  reason: "GATE_FAILED",
  stage: "check",
  next: null,
  openedAt: "2026-03-01T09:30:00.000Z",
  deadline: null,
  evidence: null,
  detail: "a gate failed",
  action: "Read the gate report.",
  answers: [
    { command: "resume", roles: ["ops", "risk"], people: 1 },
    { command: "cancel", roles: [], people: 1 },
  ],
};

test("a candidate is a line that fits, with its age", () => {
  const [head, line = ""] = renderCandidates([candidate], now, 100).split("\n");
  expect(head).toBe("CANDIDATE    STAGE  HOLDER  REASON     AGE  RUN         ITER  DETAIL");
  expect(line).toMatch(
    /^cand-sample {2}draft {2}lane-a {2}SUBMITTED {2}2m {3}run-sample {2}2 {5}x+…$/,
  );
  expect(line).toHaveLength(100);
});

test("a review is a line with how long it has waited, until when, who may answer and what to do", () => {
  expect(renderReviews([{ ...review, deadline: "2026-03-01T12:30:00.000Z" }], now, 120)).toBe(
    "CANDIDATE    REASON       STAGE  NEXT  WAITS  DUE     WHO          DO\n" +
      "cand-sample  GATE_FAILED  check  -     2h30m  in 30m  ops or risk  Read the gate report.\n",
  );
});

test("a review that is late says so, and one of an older coordinator leaves out who may answer", () => {
  const text = renderReviews(
    [{ ...review, deadline: "2026-03-01T11:00:00.000Z", answers: [] }],
    now,
    120,
  );
  expect(text).toContain("1h late  -    Read the gate report.");
});

test("empty lists say so", () => {
  expect(renderCandidates([], now, 100)).toBe("No candidates.\n");
  expect(renderReviews([], now, 100)).toBe("Nothing waits for a person.\n");
});
