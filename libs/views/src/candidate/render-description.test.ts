import { causedBy, instant, reported, START_MS, stored } from "@baton/testkit";
import { expect, test } from "vitest";

import { renderDescription } from "./render-description.ts";

const view = { now: START_MS + 60_000, width: 160 };

test("a fresh candidate has a state and a timeline, and no empty sections", () => {
  const text = renderDescription(
    {
      candidateId: "cand-sample",
      entries: [stored(1, 0)],
      reports: [],
      basis: stored(1, 0).entry,
    },
    view,
  );
  expect(text).toContain("Candidate: cand-sample\n");
  expect(text).toContain("Stands:    at draft, with lane-a, since 1m\n");
  expect(text).toContain("Timeline\n");
  for (const absent of ["Attempts", "Artifacts", "Approvals", "Failure", "On hold"])
    expect(text).not.toContain(absent);
});

test("a failure, a hold, approvals and artifacts are all told", () => {
  const held = stored(2, 30_000, {
    holder: "review",
    reason: "PAUSED",
    cause: causedBy(1, 29_000),
    failure: { class: "transient", code: "E_DATA_UNAVAILABLE", message: "away", action: "wait" },
    hold: { by: "bob", why: "holiday", time: instant(30_000), commandId: "cmd-sample" },
    approvals: [
      {
        stage: "release",
        runId: "run-sample",
        by: "eve",
        why: "looks good",
        commandId: "cmd-sample",
        time: instant(20_000),
        evidence: "cd".repeat(32),
      },
    ],
    artifacts: [
      {
        name: "gates/report.md",
        sha256: "ef".repeat(32),
        bytes: 12,
        stage: "draft",
        runId: "run-sample",
      },
    ],
    feedback: [{ runId: "run-before", stage: "check", reasons: ["drawdown too large"] }],
  });
  const reports = [
    reported(1, { answers: 1, startedMs: 100, storedMs: 29_000, failedWith: "E_DATA_UNAVAILABLE" }),
  ];
  const known = { candidateId: "cand-sample", reports, basis: held.entry } as const;
  const text = renderDescription({ ...known, entries: [stored(1, 0), held] }, view);
  expect(text).toContain('Failure:   E_DATA_UNAVAILABLE (transient): away. Its lane says: "wait".');
  expect(text).toContain("On hold:   by bob");
  expect(text).toContain("gates/report.md  12");
  expect(text).toMatch(/^ {2}STATE {2}TIME .*\n {2}void {3}.* eve .* looks good$/m);
  expect(text).toContain("run-before check: drawdown too large");
  expect(text).toContain("28.9s");
});

test("a review says who may answer it, and how", () => {
  const answers = [
    { command: "approve", roles: ["risk", "owner"], people: 2, notBy: "ada" },
    { command: "cancel", roles: [], people: 1 },
  ];
  const review = { openedAt: instant(0), next: null, evidence: null, answers };
  const entry = stored(1, 0, { holder: "review", reason: "APPROVAL_REQUIRED", review });
  const text = renderDescription(
    { candidateId: "cand-sample", entries: [entry], reports: [], basis: entry.entry },
    view,
  );
  expect(text).toContain(
    "Answers:   approve by risk or owner, 2 people, not by ada; cancel by anybody\n",
  );
});

test("a candidate that recovers names its incident and what it was decided under", () => {
  const incident = { id: "inc-0123456789ab", class: "B" as const, ticket: "OPS-1", before: [] };
  const text = renderDescription(
    {
      candidateId: "cand-sample",
      entries: [stored(1, 0, { incident, controls: 7 })],
      reports: [],
      basis: "JOURNAL 3 isn't there",
    },
    view,
  );
  expect(text).toContain(
    "Incident:  recovers from inc-0123456789ab of class B, with an emergency under OPS-1\n",
  );
  expect(text).toContain("Controls:  decided under CONTROLS 7\n");
  expect(text).toContain("Artifacts\n  JOURNAL 3 isn't there\n");
});

test("text from elsewhere can't command the terminal", () => {
  const entry = stored(1, 0, {
    about: { kind: "passed", stage: "draft", summary: "\u001b[2J" },
    spec: { name: "\u001b]0;x\u0007" },
  });
  const text = renderDescription(
    { candidateId: "cand-sample", entries: [entry], reports: [], basis: entry.entry },
    view,
  );
  expect(text).not.toContain("\u001b");
});
