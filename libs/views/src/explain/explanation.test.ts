import { instant, START_MS, stored } from "@baton/testkit";
import { expect, test } from "vitest";

import { explanationOf } from "./explanation.ts";

const now = START_MS + 90_000;
const running = { waiting: 1, inFlight: 0, deliveredThrough: 5 };

test("with a lane that started on it: what it does and until when", () => {
  const { sentence, action } = explanationOf(stored(5, 0), running, now);
  expect(sentence).toBe(
    "cand-sample is with lane-a, working on draft since 1m30s (SUBMITTED); due in 58m30s: It was accepted and its first stage was handed to a lane.",
  );
  expect(action).toBe("Nothing: wait for the lane.");
});

test("queued behind others: the lane is busy", () => {
  const lane = { waiting: 0, inFlight: 3, deliveredThrough: 4 };
  expect(explanationOf(stored(5, 0), lane, now).sentence).toContain(
    "is queued for lane-a, which is busy with 3 others",
  );
});

test("with a lane that doesn't run: that is the reason, and starting it the action", () => {
  const lane = { waiting: 0, inFlight: 0, deliveredThrough: 4 };
  const { sentence, action } = explanationOf(stored(5, 0), lane, now);
  expect(sentence).toContain("no process of lane-a runs");
  expect(action).toContain("Start lane-a");
});

test("between attempts: the failure and when it's tried again", () => {
  const next = instant(60_000);
  const entry = stored(6, 0, {
    reason: "RETRY_BACKOFF",
    awaits: 5,
    attempt: 1,
    about: { kind: "attempt", stage: "draft", attempt: 1, of: 5, next },
    failure: { class: "transient", code: "E_DATA_UNAVAILABLE", message: "away", action: "" },
  });
  const detail = `Attempt 1 of 5 failed: E_DATA_UNAVAILABLE away; next at ${next}`;
  expect(explanationOf(entry, running, now).sentence).toContain(
    `is with lane-a for another attempt at draft since 1m30s (RETRY_BACKOFF); due in 58m30s: ${detail}`,
  );
});

test("where another candidate of the lane is asked about, it says for whom it waits", () => {
  const entry = stored(6, 0, {
    reason: "RETRY_BACKOFF",
    awaits: 5,
    about: { kind: "no-workers", stage: "draft", lane: "lane-a", since: instant(0) },
  });
  expect(explanationOf(entry, running, now).sentence).toMatch(
    /waits until somebody works for lane-a, for draft since .* waits for lane-a, which has given no sign of life since /,
  );
});

test("in review: what to do is made of what the question is about", () => {
  const review = { openedAt: instant(0), next: null, evidence: null };
  const entry = stored(5, 0, {
    holder: "review",
    reason: "GATE_INCONCLUSIVE",
    about: { kind: "gate", stage: "draft", verdict: "inconclusive", summary: "", loops: 0 },
    awaits: null,
    review,
  });
  const { sentence, action } = explanationOf(entry, undefined, now);
  expect(sentence).toContain("waits for a person since 1m30s, at draft (GATE_INCONCLUSIVE)");
  expect(action).toBe(
    "Read the gate report; `baton resume cand-sample --why …` to run the stage again, or `baton reject cand-sample --why …`.",
  );
});

test("waiting for another approval: who gave one, while it counts", () => {
  const evidence = "ab".repeat(32);
  const next = "ship";
  const answers = [{ command: "approve" as const, roles: [], people: 2, notBy: "ada" }];
  const review = { openedAt: instant(0), next, evidence, answers };
  const asked = stored(5, 0, {
    holder: "review",
    reason: "APPROVAL_REQUIRED",
    awaits: null,
    review,
  });
  const approval = {
    stage: next,
    runId: asked.entry.runId,
    by: "eve",
    why: "fine",
    commandId: "cmd-000001",
    time: instant(0),
    evidence,
    expires: instant(60_000),
  };
  const approved = { ...asked, entry: { ...asked.entry, approvals: [approval] } };
  const anybody = "approve by anybody, 2 people, not by ada";
  expect(explanationOf(asked, undefined, START_MS).who).toBe(anybody);
  expect(explanationOf(approved, undefined, START_MS).who).toBe(`${anybody}; so far by eve`);
  expect(explanationOf(approved, undefined, START_MS + 60_000).who).toBe(anybody);
  // What the entry said when the first one came is over then.
  const said = (at: number) => explanationOf(approved, undefined, at).sentence;
  const { next: to } = review;
  expect(said(START_MS)).toContain(
    `: Approved by eve (until ${approval.expires}). 1 more needed for ${to}.`,
  );
  expect(said(START_MS + 60_000)).toContain(
    `: 2 needed for ${to}. No longer counted, expired: eve (${approval.expires}).`,
  );
  expect(said(START_MS + 60_000)).not.toContain("1 more");
});

test("closed: since when and why", () => {
  const entry = stored(5, 0, {
    holder: "closed",
    reason: "CANCELLED",
    deadline: null,
    about: { kind: "cancelled", left: {} },
    cause: { kind: "command", commandId: "cmd-000001", type: "cancel", by: "ada", why: "late" },
  });
  expect(explanationOf(entry, undefined, now).sentence).toBe(
    "cand-sample is closed (CANCELLED) since 1m30s: Cancelled by ada. Why: late.",
  );
});
