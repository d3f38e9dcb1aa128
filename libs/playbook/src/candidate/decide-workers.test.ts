import { awaitedDispatch, isDispatch, type Lane } from "@baton/contracts";
import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { shiftInstant } from "../instant.ts";
import { violationsIn } from "../testing/invariants.ts";
import { arrivedAt, loaded, shown, type Story } from "../testing/story.ts";

const playbook = loaded(parse(batonText));
const STAGE = "backtest-robustness";

function gone(story: Story, lane: Lane = "lane-c"): string {
  const dispatch = story.dispatched().sequence;
  return shown(story.ask({ kind: "no-workers", dispatch, lane, since: story.now }));
}

function back(story: Story, lane: Lane = "lane-c"): string {
  const dispatch = story.dispatched().sequence;
  return shown(story.ask({ kind: "workers-back", dispatch, lane }));
}

test("a dispatch that nobody takes is asked about once, and stays awaited", () => {
  const story = arrivedAt(playbook, STAGE);
  const dispatch = story.dispatched().sequence;
  const since = story.now;
  expect(gone(story)).toBe("NO_WORKERS review");
  expect(gone(story)).toBe("ignore stale");
  expect(awaitedDispatch(story.last())).toBe(dispatch);
  expect(particularsOf(story.entry())).toBe(
    `${STAGE} of ${story.entry().runId} waits for lane-c, which has given no sign of life since ${since}`,
  );
  expect(story.entry().cause).toEqual({ kind: "no-workers", lane: "lane-c", since });
});

test("a result moves the candidate on, though nobody noticed that workers are back", () => {
  const story = arrivedAt(playbook, STAGE);
  gone(story);
  expect(shown(story.result())).toBe("STAGE_PASSED lane-d");
});

test("with workers back the lane has the baton again, with the stage's full time, and no second dispatch", () => {
  const story = arrivedAt(playbook, STAGE);
  const dispatch = story.dispatched().sequence;
  gone(story);
  story.wait(100_000);
  expect(back(story)).toBe("WORKERS_BACK lane-c");
  expect(back(story)).toBe("ignore stale");
  expect([isDispatch(story.entry()), awaitedDispatch(story.last())]).toEqual([false, dispatch]);
  expect(story.entry().deadline).toBe(shiftInstant(story.now, 7_200_000 - 1000));
  expect(shown(story.result())).toBe("STAGE_PASSED lane-d");
  expect(violationsIn(story)).toEqual([]);
});

test("a failed attempt shows that somebody is there: the lane has the baton again", () => {
  const story = arrivedAt(playbook, STAGE);
  gone(story);
  expect(shown(story.attempt({ attempt: 1 }))).toBe("RETRY_BACKOFF lane-c");
  expect(story.entry()).toMatchObject({ attempt: 1, review: null });
  expect(back(story)).toBe("ignore stale");
});

test("each outage is asked about anew", () => {
  const story = arrivedAt(playbook, STAGE);
  gone(story);
  back(story);
  expect(gone(story)).toBe("NO_WORKERS review");
});

test("what isn't about the awaited dispatch of that lane changes nothing", () => {
  const story = arrivedAt(playbook, STAGE);
  expect(gone(story, "lane-d")).toBe("ignore stale");
  expect(back(story)).toBe("ignore stale");
  const since = story.now;
  const dispatch = story.dispatched().sequence - 1;
  expect(shown(story.ask({ kind: "no-workers", dispatch, lane: "lane-c", since }))).toBe(
    "ignore stale",
  );
  gone(story);
  expect(back(story, "lane-d")).toBe("ignore stale");
  story.command("pause");
  expect(back(story)).toBe("ignore stale");
  // A lane that isn't there isn't counted on: who lifts the hold gets a new run.
  expect(shown(story.command("resume"))).toBe("RERUN lane-c");
});

test("a person may still answer: a new run, or the end", () => {
  const story = arrivedAt(playbook, STAGE);
  gone(story);
  expect(shown(story.command("resume"))).toBe("RERUN lane-c");
  gone(story);
  expect(shown(story.command("cancel"))).toBe("CANCELLED closed");
  expect(gone(story)).toBe("ignore stale");
});

const DAY = 86_400;

/** Another candidate of the lane is asked about. */
function noted(story: Story): string {
  const dispatch = story.dispatched().sequence;
  const { now: since } = story;
  return shown(story.ask({ kind: "no-workers", dispatch, lane: "lane-c", since, noted: true }));
}

test("one outage is one question: it says how many wait, and is about one of them", () => {
  const story = arrivedAt(playbook, STAGE);
  const { sequence: dispatch } = story.dispatched();
  const about = { kind: "no-workers", dispatch, lane: "lane-c", since: story.now } as const;
  expect(shown(story.ask({ ...about, waiting: 3 }))).toBe("NO_WORKERS review");
  expect(particularsOf(story.entry())).toMatch(
    /no sign of life since \S+; 3 candidates wait for it$/,
  );
  expect(inTerminal(adviceOn(story.entry()))).toContain("all that wait for it then go on");
});

test("who only waits stays with its lane, and no deadline of its stage makes a verdict of it", () => {
  const story = arrivedAt(playbook, STAGE);
  const { sequence: dispatch } = story.dispatched();
  const since = story.now;
  expect(noted(story)).toBe("RETRY_BACKOFF lane-c");
  expect(noted(story)).toBe("ignore stale");
  for (const day of [1, 2, 3]) {
    story.wait(day === 1 ? DAY : DAY + 1);
    expect(shown(story.deadline())).toBe("RETRY_BACKOFF lane-c");
  }
  expect(particularsOf(story.entry())).toBe(
    `${STAGE} of ${story.entry().runId} waits for lane-c, which has given no sign of life since ${since}`,
  );
  expect(story.entry()).toMatchObject({ failures: {}, failure: null, review: null, attempt: 0 });
  expect([isDispatch(story.entry()), awaitedDispatch(story.last())]).toEqual([false, dispatch]);
  expect(shown(story.result())).toBe("STAGE_PASSED lane-d");
  expect(violationsIn(story)).toEqual([]);
});

test("with workers back who only waited has its stage's full time, too; so has one whose attempt fails before that", () => {
  const story = arrivedAt(playbook, STAGE);
  noted(story);
  expect(back(story)).toBe("WORKERS_BACK lane-c");
  expect(back(story)).toBe("ignore stale");
  expect(story.entry().deadline).toBe(shiftInstant(story.now, 7_200_000 - 1000));
  const other = arrivedAt(playbook, STAGE);
  noted(other);
  expect(shown(other.attempt({ attempt: 1 }))).toBe("RETRY_BACKOFF lane-c");
  expect(other.entry().deadline).toBe(shiftInstant(other.now, 7_200_000));
  expect(back(other)).toBe("ignore stale");
  expect([...violationsIn(story), ...violationsIn(other)]).toEqual([]);
});

test("the next one is asked about once the one that was is answered otherwise", () => {
  const story = arrivedAt(playbook, STAGE);
  noted(story);
  expect(gone(story)).toBe("NO_WORKERS review");
  expect(noted(story)).toBe("ignore stale");
});
