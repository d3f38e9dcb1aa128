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
};

test("a candidate is a line that fits, with its age", () => {
  const [head, line = ""] = renderCandidates([candidate], now, 100).split("\n");
  expect(head).toBe("CANDIDATE    STAGE  HOLDER  REASON     AGE  RUN         ITER  DETAIL");
  expect(line).toMatch(
    /^cand-sample {2}draft {2}lane-a {2}SUBMITTED {2}2m {3}run-sample {2}2 {5}x+…$/,
  );
  expect(line).toHaveLength(100);
});

test("a review is a line with how long it has waited and what to do", () => {
  expect(renderReviews([review], now, 100)).toBe(
    "CANDIDATE    REASON       STAGE  NEXT  WAITS  DO\n" +
      "cand-sample  GATE_FAILED  check  -     2h30m  Read the gate report.\n",
  );
});

test("empty lists say so", () => {
  expect(renderCandidates([], now, 100)).toBe("No candidates.\n");
  expect(renderReviews([], now, 100)).toBe("Nothing waits for a person.\n");
});
