import { type Amount, BUDGET_CODE, type WorkDone } from "@baton/contracts";
import { expect, test } from "vitest";

import { documentOf, failurePolicies, policy } from "../testing/documents.ts";
import { begun, loaded } from "../testing/story.ts";
import { spentBy } from "./spending.ts";

const amount = (tokens: number): Amount => ({ tokens, micros: tokens * 2, calls: 1 });

const work = (tokens: number, more: Partial<WorkDone> = {}): WorkDone => ({
  agent: "codex",
  network: "model",
  ended: "failed",
  ms: 5,
  spent: amount(tokens),
  sum: amount(tokens),
  ...more,
});

const spentBudget = {
  class: "policy",
  code: BUDGET_CODE,
  message: "spent",
  action: "Grant.",
} as const;

/** At its second stage, which a program does. */
function building(
  budget: object = { tokens: 1000 },
  limits: object = { budget: { tokens: 1500 } },
) {
  const transient = { ...policy, maxRetries: 4, autopauseAfterFailures: 9 };
  const document = documentOf(
    { a: ["b"], b: [] },
    { b: { lane: "lane-b", executor: { command: { agent: "codex" } }, budget } },
    { limits, failurePolicies: { ...failurePolicies, transient } },
  );
  const story = begun(loaded(document));
  story.result();
  return story;
}

test("the dispatch says who does the work and what it may spend", () => {
  expect(building().entry().rule).toMatchObject({
    maxRetries: 1,
    work: {
      executor: { kind: "command", agent: "codex", network: "model" },
      stageRun: { tokens: 1000 },
      candidate: { tokens: 1500 },
      spent: { tokens: 0, micros: 0, calls: 0 },
    },
  });
});

test("what an attempt took stands in the entry it led to, and counts once", () => {
  const story = building();
  story.attempt({ work: work(300) });
  expect(story.entry()).toMatchObject({ reason: "RETRY_BACKOFF", work: { ended: "failed" } });
  story.attempt({ work: work(300) });
  story.result({ attempt: 2, work: work(700, { ended: "delivered" }) });
  expect(spentBy(story.entry())).toEqual(amount(700));
  expect(story.entry().work?.ended).toBe("delivered");
});

test("a spent budget asks a person, who grants more by name, and only so much more is spent", () => {
  const story = building();
  story.result({ failure: spentBudget, work: work(1600, { ended: "budget" }) });
  expect(story.entry()).toMatchObject({ reason: "BUDGET", holder: "review" });
  expect(story.command("resume")).toMatchObject({
    kind: "reject",
    code: "E_LIMIT",
    message: expect.stringContaining("1600 of 1500 tokens"),
  });
  story.command("resume", { by: "eve", grant: { tokens: 2000 } });
  const { rule, grants, work: none, runId } = story.entry();
  expect(none).toBeUndefined();
  expect(grants).toMatchObject([{ by: "eve", stage: "b", runId, more: { tokens: 2000 } }]);
  expect(rule?.work).toMatchObject({
    stageRun: { tokens: 3000 },
    candidate: { tokens: 3500 },
    spent: amount(1600),
  });
  story.result({ work: work(500, { ended: "delivered" }) });
  expect(story.entry().spent).toEqual([
    { stage: "b", runId, run: amount(500), before: amount(1600) },
  ]);
});

test("a grant where nothing is spent, or the run goes on, is refused", () => {
  const story = begun(loaded(documentOf({ a: [] })));
  story.result({ failure: "deterministic" });
  expect(story.command("resume", { grant: { tokens: 5 } })).toMatchObject({ code: "E_CONFLICT" });
  const held = building();
  held.command("pause");
  expect(held.command("resume", { grant: { tokens: 5 } })).toMatchObject({
    code: "E_CONFLICT",
    message: expect.stringContaining("goes on with the run"),
  });
});

test("what was spent stays where a hold keeps the result", () => {
  const story = building();
  story.command("pause");
  story.result({ work: work(400, { ended: "delivered" }) });
  expect(story.entry()).toMatchObject({ reason: "PAUSED", work: { ended: "delivered" } });
  story.command("resume");
  expect(spentBy(story.entry())).toEqual(amount(400));
  expect(story.entry().work).toBeUndefined();
});
