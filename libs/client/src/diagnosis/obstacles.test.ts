/** What `explain` says besides the entry: who should act and can't, as doctor says it. */
import { GitError } from "@baton/gitops";
import { START_MS, stored } from "@baton/testkit";
import { explanationOf } from "@baton/views";
import { describe, expect, test } from "vitest";

import type { ServiceView } from "../reading/read-services.ts";
import {
  engineObstacles,
  type LaneLook,
  obstaclesOf,
  uncompared,
  withObstacles,
} from "./obstacles.ts";

const now = START_MS + 90_000;
const last = stored(5, 0);
const UP = { pid: 9, restarts: 0, startedAt: undefined, isStarting: false, faults: [] };

const well = (
  name: string,
  checks: ServiceView["processes"][number]["checks"] = [],
): ServiceView => ({
  name,
  processes: [
    {
      host: "here",
      pid: 7,
      startedAt: new Date(START_MS).toISOString(),
      ready: checks.every(({ ok }) => ok),
      checks,
    },
  ],
  up: undefined,
});
const silent = (name: string, pid?: number): ServiceView => ({
  ...well(name),
  processes: [],
  up: pid === undefined ? undefined : { ...UP, pid },
});
const numbers = (
  changes: Partial<NonNullable<LaneLook["consumer"]>> = {},
): LaneLook["consumer"] => ({
  name: "lane-a",
  stream_name: "JOURNAL",
  num_waiting: 1,
  num_pending: 0,
  num_ack_pending: 1,
  num_redelivered: 0,
  ts: new Date(now).toISOString(),
  delivered: { consumer_seq: 1, stream_seq: 5 },
  ack_floor: { consumer_seq: 1, stream_seq: 4 },
  config: { ack_wait: 30_000_000_000, max_deliver: 8 },
  ...changes,
});

/** Sentence and action. */
function said(
  looked: { lane?: ServiceView; consumer?: LaneLook["consumer"]; coordinator?: ServiceView },
  of = last,
): string[] {
  const { lane = well("lane-a"), consumer = numbers(), coordinator = well("coordinator") } = looked;
  const obstacles = obstaclesOf(of, {
    lane: { lane, consumer },
    coordinator,
    now,
    dataDir: "/data",
  });
  const state = { waiting: 1, inFlight: 1, deliveredThrough: 5 };
  const { sentence, action } = withObstacles(explanationOf(of, state, now), obstacles);
  return [sentence, action];
}

test("where nothing is in the way the explanation is the entry's", () => {
  expect(said({})).toEqual([
    expect.stringContaining("is with lane-a, working on draft"),
    "Nothing: wait for the lane.",
  ]);
});

describe("a lane that", () => {
  test("is frozen", () => {
    const [sentence, action] = said({ lane: silent("lane-a", 99) });
    expect(sentence).toContain("But lane-a its process 99 runs and doesn't answer: it hangs.");
    expect(action).toContain("`baton restart lane-a`");
  });

  test("holds the dispatch and gives no sign of life", () => {
    const old = { last_active: new Date(now - 60_000).toISOString() };
    const consumer = numbers({
      num_waiting: 0,
      ack_floor: { consumer_seq: 1, stream_seq: 4, ...old },
    });
    const [sentence, action] = said({ consumer });
    expect(sentence).toContain("gave no sign of life for 1m");
    expect(action).toContain("baton restart lane-a");
  });

  test("dies on each delivery: by the consumer's count, and by the restarts that `up` counts", () => {
    const [sentence, action] = said({ consumer: numbers({ num_redelivered: 1 }) });
    expect(sentence).toContain("1 of the 1 dispatches that lane-a was given came back without an");
    expect(sentence).toContain("after 8 deliveries a person is asked");
    expect(action).toContain("`baton pause cand-sample --why …`");
    const fault = { time: new Date(now - 5000).toISOString(), how: "SIGKILL" };
    const dying = { ...well("lane-a"), up: { ...UP, faults: [fault, fault, fault] } };
    const [why, what] = said({ lane: dying, consumer: numbers({ num_redelivered: 1 }) });
    expect(why).toContain(
      "ended 3 times by itself and was started again, last 5s ago after it ended with SIGKILL",
    );
    expect(what).toContain("/data/logs/lane-a.log");
  });

  test("waits for Git says so", () => {
    const reason = "E_GIT_UNREACHABLE since 12:00: no answer. 1 candidate waits";
    const [sentence] = said({ lane: well("lane-a", [{ name: "away", ok: false, reason }]) });
    expect(sentence).toContain(`But lane-a isn't ready: away: ${reason}.`);
  });
});

const away = new GitError({
  class: "transient",
  code: "E_GIT_UNAVAILABLE",
  message: "git fetch ended with 128: fatal: no repository.",
  action: "Check the repository's address.",
});

test("Git that is away is told once, with what to do about it", () => {
  const { class: kind, code, message, action: advice } = away;
  const retried = stored(6, 0, {
    reason: "RETRY_BACKOFF",
    awaits: 5,
    attempt: 1,
    about: {
      kind: "attempt",
      stage: "draft",
      attempt: 1,
      of: 5,
      next: new Date(now).toISOString(),
    },
    failure: { class: kind, code, message, action: advice },
  });
  const reason = `${away.code} since 12:00: ${away.message}. 1 candidate waits when it is back. ${away.action}`;
  const lane = well("lane-a", [{ name: "away", ok: false, reason }]);
  const [sentence = "", action] = said({ lane }, retried);
  expect(sentence.split(away.message)).toHaveLength(2);
  expect(sentence).toMatch(/ But lane-a waits until that is back\.$/);
  expect(action).toBe(`lane-a says: "Check the repository's address".`);

  const unlike = [uncompared(away, { failure: null }), uncompared(away, retried.entry)];
  expect(unlike.map((one) => one.action)).toEqual([away.action, away.action]);
  expect(unlike.map((one) => one.found.includes(away.message))).toEqual([true, false]);
  const explanation = explanationOf(last, undefined, now);
  expect(withObstacles(explanation, unlike.slice(0, 1)).sentence).toMatch(/no repository\.$/);
});

test("what the engine asks people to look at is said, also of one that is closed", () => {
  const since = new Date(START_MS).toISOString();
  const text = "E_POSITION_MISMATCH: SPX isn't what this version's orders made it";
  const of = (subject: string) => ({ code: "E_POSITION_MISMATCH", subject, since, text });
  const closed = stored(5, 0, { holder: "closed", reason: "COMPLETED", awaits: null });
  const { candidateId } = closed.entry;
  const obstacles = engineObstacles(
    [{ matters: [of("cand-other"), of(candidateId)] }],
    candidateId,
  );
  const { sentence, action } = withObstacles(explanationOf(closed, undefined, now), obstacles);
  expect(sentence).toMatch(new RegExp(` But the engine says: ${text}\\.$`));
  expect(action).toContain(`/strategies/${candidateId}`);
  expect(action).toContain("put the position back");
  expect(engineObstacles([{ matters: [of("cand-other")] }, {}], candidateId)).toEqual([]);
});

test("deliveries again that the journal accounts for, or that are of others, are no obstacle", () => {
  const again = numbers({ num_redelivered: 1 });
  const retried = stored(6, 0, { reason: "RETRY_BACKOFF", awaits: 5, attempt: 1 });
  expect(said({ consumer: again }, retried)[1]).not.toContain("pause");
  const queued = stored(9, 0);
  expect(said({ consumer: again }, queued)[1]).toBe("Nothing: wait for the lane.");
});

test("an absent coordinator decides nothing, also not on an answer", () => {
  for (const of of [last, stored(5, 0, { holder: "review", reason: "DEADLINE_PASSED" })]) {
    const [sentence, action] = said({ coordinator: silent("coordinator") }, of);
    expect(sentence).toContain("But coordinator no process of it answers.");
    expect(action).toContain("Start coordinator");
  }
  const closed = stored(5, 0, { holder: "closed", reason: "COMPLETED", awaits: null });
  expect(said({ coordinator: silent("coordinator") }, closed)[0]).not.toContain("But");
});
