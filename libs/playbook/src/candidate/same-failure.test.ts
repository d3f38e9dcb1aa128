import type { Failure, FailureClass } from "@baton/contracts";
import { MAX_TALLIES } from "@baton/contracts";
import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { stageRule } from "../format/playbook.ts";
import { attemptFor, type Evidence } from "../testing/reports.ts";
import { arrivedAt, loaded, shown, type Story } from "../testing/story.ts";

const playbook = loaded(parse(batonText));
const STAGE = "backtest-robustness";

const failureOf = (message: string, kind: FailureClass = "deterministic"): Failure => ({
  class: kind,
  code: "E_BACKTEST",
  message,
  action: "Look at the figures.",
});

function fail(story: Story, failure: Failure): string {
  return shown(story.result({ failure }));
}

function failAttempt(story: Story, attempt: number, failure: Failure): string {
  const dispatch = story.dispatched();
  const rule = stageRule(playbook, dispatch.entry.stage);
  return shown(story.report({ ...attemptFor(dispatch, rule, { attempt }), failure }));
}

test("the same failure for the third time over runs says so, and where it was seen first", () => {
  const story = arrivedAt(playbook, STAGE);
  const first = story.entry().runId;
  expect(fail(story, failureOf("row 17 is out of order"))).toBe("DETERMINISTIC_FAILURE review");
  story.command("resume");
  expect(fail(story, failureOf("row 18 is out of order"))).toBe("DETERMINISTIC_FAILURE review");
  story.command("resume");
  expect(fail(story, failureOf("row 19 is out of order"))).toBe("SAME_FAILURE review");
  const { awaits, runId } = story.entry();
  expect(particularsOf(story.entry())).toBe(
    `${STAGE} failed 3 times alike: same failure as run ${first}, inputs unchanged: E_BACKTEST row 19 is out of order`,
  );
  expect(inTerminal(adviceOn(story.entry()))).toContain('Look at the figures".');
  expect([awaits, runId === first]).toEqual([null, false]);
});

test("the same transient failure pauses the candidate though retries are left", () => {
  const story = arrivedAt(playbook, STAGE);
  const dispatch = story.dispatched();
  expect(failAttempt(story, 1, failureOf("odd after 3 s", "transient"))).toBe(
    "RETRY_BACKOFF lane-c",
  );
  expect(failAttempt(story, 2, failureOf("odd after 4 s", "transient"))).toBe(
    "RETRY_BACKOFF lane-c",
  );
  expect(failAttempt(story, 3, failureOf("odd after 5 s", "transient"))).toBe(
    "SAME_FAILURE review",
  );
  expect(particularsOf(story.entry())).toContain(
    `same failure as run ${dispatch.entry.runId} (this one)`,
  );
  // What was awaited isn't any more: the lane's next attempt finds itself superseded.
  expect(shown(story.result({ answers: dispatch.sequence, attempt: 4 }))).toBe("ignore stale");
});

test("resumed unchanged, it is paused at the first attempt that fails alike", () => {
  const story = arrivedAt(playbook, STAGE);
  for (const attempt of [1, 2, 3]) failAttempt(story, attempt, failureOf("odd", "transient"));
  expect(shown(story.command("resume"))).toBe("RERUN lane-c");
  expect(failAttempt(story, 1, failureOf("odd", "transient"))).toBe("SAME_FAILURE review");
  expect(story.entry().tallies).toMatchObject([{ stage: STAGE, count: 4 }]);
});

test("different failures don't add up", () => {
  const story = arrivedAt(playbook, STAGE);
  const messages = ["one thing", "another thing", "a third thing", "a fourth thing"];
  for (const [index, message] of messages.entries())
    expect(failAttempt(story, index + 1, failureOf(message, "transient"))).toBe(
      "RETRY_BACKOFF lane-c",
    );
  expect(failAttempt(story, 5, failureOf("a fifth thing", "transient"))).toBe(
    "RETRIES_EXHAUSTED review",
  );
});

test("where the first run's retries are used up too, that is the reason", () => {
  const patient = loaded({ ...parse(batonText), limits: { maxSameFailures: 5 } });
  const story = arrivedAt(patient, STAGE);
  for (const attempt of [1, 2, 3, 4]) failAttempt(story, attempt, failureOf("odd", "transient"));
  expect(shown(story.result({ failure: failureOf("odd", "transient"), attempt: 5 }))).toBe(
    "RETRIES_EXHAUSTED review",
  );
  expect(story.entry().tallies).toMatchObject([{ count: 5 }]);
});

test("faults of the infrastructure count neither for the fuse nor among the stage's failures", () => {
  const story = arrivedAt(playbook, STAGE);
  const away = { ...failureOf("the store is away", "transient"), code: "E_UNAVAILABLE" };
  for (const attempt of [1, 2, 3, 4])
    expect(failAttempt(story, attempt, away)).toBe("RETRY_BACKOFF lane-c");
  expect(failAttempt(story, 5, away)).toBe("RETRIES_EXHAUSTED review");
  expect([story.entry().failures, story.entry().tallies]).toEqual([{}, undefined]);
});

test("a stage that got through begins anew", () => {
  const story = arrivedAt(playbook, STAGE);
  for (const attempt of [1, 2]) failAttempt(story, attempt, failureOf("odd", "transient"));
  story.result({ attempt: 3 });
  expect(story.entry()).toMatchObject({ stage: "gate-evaluation", tallies: [] });
});

test("other inputs begin a new count, what depends on the clock doesn't", () => {
  const story = arrivedAt(playbook, STAGE);
  for (const attempt of [1, 2]) failAttempt(story, attempt, failureOf("odd", "transient"));
  const { entry } = story.last();
  const [artifact] = entry.artifacts;
  if (!artifact) throw new Error("no artifact");
  const observed = { ...artifact, name: "observed/times.json", sha256: "9".repeat(64) };
  const changed = { ...artifact, sha256: "8".repeat(64) };
  const own = { ...changed, stage: STAGE };
  const countOn = (artifacts: typeof entry.artifacts) => {
    const other = arrivedAt(playbook, STAGE);
    other.journal.splice(-1, 1, { ...story.last(), entry: { ...entry, awaits: 0, artifacts } });
    failAttempt(other, 3, failureOf("odd", "transient"));
    return other.entry().tallies?.at(-1)?.count;
  };
  expect(countOn([...entry.artifacts, observed])).toBe(3);
  expect(countOn([...entry.artifacts, own])).toBe(3);
  expect(countOn([changed, ...entry.artifacts.slice(1)])).toBe(1);
});

test("an attempt that blows the fuse during a hold is kept, and tells when the hold is lifted", () => {
  const story = arrivedAt(playbook, STAGE);
  for (const attempt of [1, 2]) failAttempt(story, attempt, failureOf("odd", "transient"));
  story.command("pause");
  expect(failAttempt(story, 3, failureOf("odd", "transient"))).toBe("PAUSED review");
  expect(story.entry().kept?.report.outcome.kind).toBe("failed");
  expect(shown(story.command("resume"))).toBe("SAME_FAILURE review");
  expect(story.entry().tallies).toMatchObject([{ count: 3 }]);
});

test("an entry carries the failures seen last, and no more than its bound", () => {
  const story = arrivedAt(playbook, STAGE);
  const kinds = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
  for (const kind of kinds) {
    fail(story, failureOf(`failed in way ${kind}`));
    story.command("resume");
  }
  expect(story.entry().tallies).toHaveLength(MAX_TALLIES);
  fail(story, failureOf("failed in way ten"));
  expect(story.entry().tallies?.at(-1)?.count).toBe(2);
});

test("a stalled stage ends as stalled, not as any exhausted retry", () => {
  const story = arrivedAt(playbook, STAGE);
  const stalled = { ...failureOf("no progress for 30 s", "transient"), code: "E_STALLED" };
  for (const attempt of [1, 2, 3, 4]) failAttempt(story, attempt, stalled);
  expect(shown(story.result({ failure: stalled, attempt: 5 }))).toBe("STALLED review");
});

test("the evidence still decides where a result isn't a failure", () => {
  const story = arrivedAt(playbook, STAGE);
  for (const attempt of [1, 2]) failAttempt(story, attempt, failureOf("odd", "transient"));
  const nothing: Evidence = { nothing: true };
  expect(shown(story.result({ attempt: 3 }, nothing))).toBe("EVIDENCE_MISSING review");
  expect(story.entry().tallies).toMatchObject([{ count: 2 }]);
});
