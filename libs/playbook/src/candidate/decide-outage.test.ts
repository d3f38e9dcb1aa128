import { awaitedDispatch } from "@baton/contracts";
import { particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { shiftInstant } from "../instant.ts";
import { violationsIn } from "../testing/invariants.ts";
import { failureOf } from "../testing/reports.ts";
import { arrivedAt, loaded, shown, type Story } from "../testing/story.ts";

const playbook = loaded(parse(batonText));
const STAGE = "promotion-prerequisites";
const DAY = 86_400;

function about(story: Story) {
  return { dispatch: story.dispatched().sequence, lane: "lane-e" } as const;
}
const asked = (story: Story): string =>
  shown(story.ask({ kind: "service-away", ...about(story), waiting: 3 }));
const back = (story: Story): string => shown(story.ask({ kind: "workers-back", ...about(story) }));

/** Its lane has said that it waits for Git. */
function waiting(): Story {
  const story = arrivedAt(playbook, STAGE);
  expect(shown(story.attempt({ waits: true }))).toBe("RETRY_BACKOFF lane-e");
  return story;
}

test("what is away is noted without using up a retry, and the stage's deadline makes no verdict of it", () => {
  const story = waiting();
  const dispatch = story.dispatched().sequence;
  expect(story.entry()).toMatchObject({ failures: {}, failure: { code: "E_GIT_UNAVAILABLE" } });
  expect(story.entry().deadline).toBe(shiftInstant(story.now, DAY * 1000));
  for (const day of [1, 2, 3]) {
    story.wait(day === 1 ? DAY : DAY + 1);
    expect(shown(story.deadline())).toBe("RETRY_BACKOFF lane-e");
  }
  expect(awaitedDispatch(story.last())).toBe(dispatch);
  expect(shown(story.result())).toBe("STAGE_PASSED lane-f");
  expect(violationsIn(story)).toEqual([]);
});

test("a question that the deadline asked before the lane was heard is taken back; so is one about workers", () => {
  const late = arrivedAt(playbook, STAGE);
  late.wait(3600);
  expect(shown(late.deadline())).toBe("DEADLINE_PASSED review");
  expect(shown(late.attempt({ waits: true }))).toBe("RETRY_BACKOFF lane-e");
  expect(late.entry().review).toBeNull();
  const unmanned = arrivedAt(playbook, STAGE);
  unmanned.ask({ kind: "no-workers", ...about(unmanned), since: unmanned.now });
  expect(shown(unmanned.attempt({ waits: true }))).toBe("RETRY_BACKOFF lane-e");
});

test("one is asked about, once, and goes on with its result, whoever noticed that it's back", () => {
  const story = waiting();
  const { time, failure } = story.entry();
  expect(asked(story)).toBe("SERVICE_AWAY review");
  expect(asked(story)).toBe("ignore stale");
  expect(particularsOf(story.entry())).toBe(
    `lane-e has waited since ${time}, with 3 candidates: E_GIT_UNAVAILABLE ${failure?.message ?? ""}`,
  );
  // The lane began anew, and waits again: that is the same outage.
  expect(shown(story.attempt({ waits: true, attempt: 2 }))).toBe("ignore stale");
  expect(shown(story.result())).toBe("STAGE_PASSED lane-f");
  expect(violationsIn(story)).toEqual([]);
});

test.each([
  ["who is asked about", true],
  ["who only waits", false],
])("with all back %s has its stage's full time, and no failure stands", (_, isAsked) => {
  const story = waiting();
  if (isAsked) asked(story);
  expect(back(story)).toBe("WORKERS_BACK lane-e");
  expect(back(story)).toBe("ignore stale");
  expect(story.entry()).toMatchObject({ failure: null, review: null });
  expect(story.entry().deadline).toBe(shiftInstant(story.now, 3_600_000 - 1000));
  story.wait(3600);
  expect(shown(story.deadline())).toBe("DEADLINE_PASSED review");
});

test("nobody is asked about one that doesn't wait, nor by another lane", () => {
  const story = arrivedAt(playbook, STAGE);
  expect(asked(story)).toBe("ignore stale");
  story.attempt({ waits: true });
  const other = { ...about(story), lane: "lane-f", waiting: 1 } as const;
  expect(shown(story.ask({ kind: "service-away", ...other }))).toBe("ignore stale");
});

test("a hold stays a hold, and the result that comes after the outage is kept", () => {
  const story = arrivedAt(playbook, STAGE);
  story.command("pause");
  expect(shown(story.attempt({ waits: true }))).toBe("ignore stale");
  expect(shown(story.result())).toBe("PAUSED review");
  expect(story.entry().kept?.report.outcome.kind).toBe("done");
});

test.each([
  ["of something that is no outage", { failure: failureOf("transient") }, "RETRIES_EXHAUSTED"],
  [
    "of what isn't transient",
    { failure: { ...failureOf("spec"), code: "E_GIT_UNAVAILABLE" } },
    "SPEC_INVALID",
  ],
  ["for ever", { attempt: 101 }, "RETRIES_EXHAUSTED"],
])("J6: a lane can't wait %s", (_, changes, reason) => {
  const story = arrivedAt(playbook, STAGE);
  const dispatch = story.dispatched();
  const { entry } = dispatch;
  const report = {
    v: 1 as const,
    id: "x.attempt",
    candidateId: entry.candidateId,
    stage: entry.stage,
    runId: entry.runId,
    time: entry.time,
    trace: entry.trace,
    lane: "lane-e" as const,
    answers: dispatch.sequence,
    attempt: 9,
    startedAt: entry.time,
    handoff: null,
    type: "attempt" as const,
    failure: { ...failureOf("transient"), code: "E_GIT_UNAVAILABLE" },
    retryAt: entry.time,
    waits: true as const,
    ...changes,
  };
  expect(shown(story.report(report))).toBe(`${reason} review`);
});
