import { expect, test } from "vitest";

import { createOpenCandidates, type CandidatePlace } from "./open-candidates.ts";

const built: CandidatePlace = {
  holder: "lane-b",
  stage: "candidate-build",
  reason: "STAGE_PASSED",
};
const asked: CandidatePlace = { holder: "review", stage: "candidate-build", reason: "PAUSED" };
const closed: CandidatePlace = { holder: "closed", stage: "candidate-build", reason: "CANCELLED" };

test("a candidate is counted where it stands last, and nowhere once it is closed", () => {
  const candidates = createOpenCandidates();
  candidates.note("cand-0001", built);
  candidates.note("cand-0002", built);
  candidates.note("cand-0002", asked);
  expect([...candidates.places()]).toEqual([
    { ...built, candidates: 1 },
    { ...asked, candidates: 1 },
  ]);
  candidates.note("cand-0001", closed);
  candidates.note("cand-0002", closed);
  candidates.note("cand-0003", closed);
  expect([...candidates.places()].map((place) => place.candidates)).toEqual([0, 0]);
  expect(candidates.size).toBe(0);
});
