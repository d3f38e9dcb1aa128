import { awaitedDispatch, isDispatch } from "@baton/contracts";
import { particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { stageRule } from "../format/playbook.ts";
import { resultFor } from "../testing/reports.ts";
import { arrivedAt, loaded, shown } from "../testing/story.ts";

const playbook = loaded(parse(batonText));
const STAGE = "shadow-paper";
const STALE = "ignore stale";

test("a report counts only for the dispatch that is awaited", () => {
  const story = arrivedAt(playbook, "candidate-build");
  const { sequence } = story.dispatched();
  expect(shown(story.result({ answers: sequence - 1, lane: "lane-a" }))).toBe(STALE);
  expect(shown(story.result({ answers: sequence + 1, lane: "lane-a" }))).toBe("E_NOT_FOUND");
  expect(shown(story.result({ lane: "lane-a" }))).toBe("E_DENIED");
  expect(shown(story.attempt({ lane: "lane-c" }))).toBe("E_DENIED");
});

test("a report about another stage run than the awaited one is refused", () => {
  const story = arrivedAt(playbook, "candidate-build");
  const { sequence, entry } = story.dispatched();
  for (const wrong of [
    { stage: "live-ramp" },
    { runId: "run-of-another" },
    { candidateId: "cand-another" },
  ]) {
    const other = { sequence, entry: { ...entry, ...wrong } };
    const report = resultFor(other, stageRule(playbook, "candidate-build"));
    expect(shown(story.report(report))).toBe("E_CONFLICT");
  }
});

test("a failed attempt is noted once, and the lane keeps the baton", () => {
  const story = arrivedAt(playbook, "candidate-build");
  const { sequence } = story.dispatched();
  story.attempt({ attempt: 1 });
  story.attempt({ attempt: 1 });
  story.attempt({ attempt: 2 });
  const { entry } = story.last();
  expect([entry.attempt, entry.failures, entry.reason]).toEqual([
    2,
    { "candidate-build": 2 },
    "RETRY_BACKOFF",
  ]);
  expect(particularsOf(entry)).toContain("Attempt 2 of 5 failed: E_TEST a transient failure");
  expect([awaitedDispatch(story.last()), isDispatch(entry)]).toEqual([sequence, false]);
  expect(shown(story.result())).toBe("STAGE_PASSED lane-c");
});

test.each([
  ["deterministic", 1, "DETERMINISTIC_FAILURE"],
  ["spec", 1, "SPEC_INVALID"],
  ["policy", 1, "POLICY_DENIED"],
  ["transient", 5, "RETRIES_EXHAUSTED"],
] as const)(
  "J6: a lane that says it retries a %s failure at attempt %i is taken off the stage",
  (kind, attempt, reason) => {
    const story = arrivedAt(playbook, "candidate-build");
    const decision = story.attempt({ class: kind, attempt });
    expect(shown(decision)).toBe(`${reason} review`);
    expect(story.entry()).toMatchObject({ awaits: null, failures: { "candidate-build": 1 } });
    expect(shown(story.result())).toBe(STALE);
  },
);

test("such an attempt during a hold is kept as the result it is", () => {
  const story = arrivedAt(playbook, STAGE);
  story.command("pause");
  story.attempt({ class: "spec" });
  expect(story.entry()).toMatchObject({ reason: "PAUSED", awaits: null });
  expect(story.entry().kept?.report).toMatchObject({
    type: "result",
    id: `${story.entry().candidateId}.${STAGE}.${story.entry().runId}`,
    outcome: { kind: "failed", failure: { class: "spec" } },
  });
  expect(shown(story.command("resume"))).toBe("SPEC_INVALID review");
});

test("a late result is taken as long as nobody answered the review", () => {
  const late = arrivedAt(playbook, STAGE);
  late.deadline();
  expect(shown(late.result())).toBe("APPROVAL_REQUIRED review");
  const again = arrivedAt(playbook, STAGE);
  again.deadline();
  const first = again.dispatched();
  again.command("resume");
  expect(shown(again.report(resultFor(first, stageRule(playbook, STAGE))))).toBe(STALE);
});
