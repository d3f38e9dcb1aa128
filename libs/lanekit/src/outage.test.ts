/** What a lane does while something outside of it is away (O1 to O5). */
import { startTelemetry } from "@baton/telemetry";
import { afterAll, afterEach, expect, test, vi } from "vitest";

import { done, StageFailure, type StageWork } from "./define-lane.ts";
import { type LanePlace, type LaneSettings, startLane, submitted } from "./testing/lane-place.ts";

const telemetry = await startTelemetry({ service: "test", env: { BATON_LOG_LEVEL: "silent" } });
afterAll(() => telemetry[Symbol.asyncDispose]());

let place: LanePlace;
afterEach(() => place.lane.stop());

function start(work: StageWork, settings?: LaneSettings): LanePlace {
  place = startLane(work, telemetry, settings);
  return place;
}

const untilAborted: StageWork = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });

const soon = <T>(condition: () => T) => vi.waitFor(condition, { timeout: 10_000, interval: 10 });
const settled = (...list: string[]) => soon(() => expect(place.settled).toEqual(list));

/** A failure that says that Git is away. */
const gitAway = () =>
  new StageFailure({
    class: "transient",
    code: "E_GIT_UNAVAILABLE",
    message: "git fetch ended with 128",
    action: "Check that the remote answers.",
  });

/** Stage work with Git, which is away until the test says otherwise. */
function withGit(): { work: StageWork; tries: () => number; back: () => void } {
  let tries = 0;
  let away = true;
  const work: StageWork = async (context) => {
    tries += 1;
    await context.put("log.txt", Buffer.from("tried"));
    if (away) throw gitAway();
    return done("made");
  };
  return { work, tries: () => tries, back: () => (away = false) };
}

test("O1, O3: what is away is waited for within the attempt, told once for all, and all go on by themselves", async () => {
  const git = withGit();
  start(git.work, { capacity: 1 });
  // Longer than a stage may stand still.
  for (const _ of [1, 2, 3])
    place.deliver(submitted({ deadlineSeconds: 3600, progressSeconds: 0.1 }));
  await soon(() => expect(git.tries()).toBeGreaterThan(15));
  expect(place.lane.away()).toMatch(
    /^E_GIT_UNAVAILABLE since 2.*: git fetch ended with 128\. 3 candidates wait and go on by themselves when it is back\. Check that the remote answers\.$/,
  );
  expect(place.lane.attempts().map(({ step }) => step)).toEqual(
    [1, 2, 3].map(() => "waits until it is back: E_GIT_UNAVAILABLE"),
  );
  expect(place.reports).toEqual([]);
  git.back();
  await settled("ack", "ack", "ack");
  expect(place.reports.map(({ type, attempt }) => [type, attempt])).toEqual(
    [1, 2, 3].map(() => ["result", 1]),
  );
  expect(place.reports).toMatchObject(
    [1, 2, 3].map(() => ({ outcome: { kind: "done", artifacts: [{ name: "log.txt" }] } })),
  );
  expect(place.lane.away()).toBeUndefined();
  expect(place.spare()).toBe(0);
});

test("O2: who waits lends its place", async () => {
  const git = withGit();
  start(git.work, { capacity: 1 });
  place.deliver(submitted({ deadlineSeconds: 3600 }));
  await soon(() => expect(place.spare()).toBe(1));
  git.back();
  await settled("ack");
  expect(place.spare()).toBe(0);
});

test("O1, O5: a deadline of the stage ends no wait, the coordinator is told of it once, and the work goes on when it's back", async () => {
  const git = withGit();
  start(git.work);
  const entry = submitted({ deadlineSeconds: 0.3 });
  place.deliver(entry);
  await soon(() => expect(place.reports).toHaveLength(1));
  expect(place.reports).toMatchObject([
    { type: "attempt", attempt: 1, waits: true, failure: { code: "E_GIT_UNAVAILABLE" } },
  ]);
  const before = git.tries();
  await soon(() => expect(Date.now()).toBeGreaterThan(Date.parse(entry.deadline ?? "") + 600));
  await soon(() => expect(git.tries()).toBeGreaterThan(before + 1));
  expect(place.settled).toEqual([]);
  git.back();
  await settled("ack");
  expect(place.reports.map(({ type }) => type)).toEqual(["attempt", "result"]);
});

test("O1: a try that hangs when it is back again has the stage's time, and no more", async () => {
  let tries = 0;
  start(async (context) => {
    tries += 1;
    if (tries < 5) throw gitAway();
    return untilAborted(context);
  });
  place.deliver(submitted({ deadlineSeconds: 0.5 }));
  await settled("ack");
  expect(tries).toBe(5);
  expect(place.reports.map(({ type }) => type)).not.toContain("result");
});

test("O5: a lane that begins anew during the outage waits on, though the stage's deadline is over", async () => {
  const git = withGit();
  start(git.work);
  const hourAgo = submitted({ deadlineSeconds: 60 }, new Date(Date.now() - 3_600_000));
  const { class: kind, code, message, action } = gitAway();
  const failure = { class: kind, code, message, action };
  place.setLast({
    sequence: 8,
    entry: { ...hourAgo, reason: "RETRY_BACKOFF", failure, awaits: 7 },
  });
  place.deliver(hourAgo, 2);
  await soon(() => expect(place.reports).toMatchObject([{ attempt: 2, waits: true }]));
  git.back();
  await settled("ack");
});

test("O1: without a deadline nobody waits", async () => {
  const git = withGit();
  start(git.work);
  place.deliver({ ...submitted(), deadline: null });
  await settled("retry 0");
  expect(git.tries()).toBe(1);
});

test("O4: an urgent stage doesn't wait, as somebody must hear of it", async () => {
  const git = withGit();
  start(git.work, { urgent: ["make"] });
  place.deliver(submitted({ deadlineSeconds: 3600 }));
  await settled("retry 0");
  expect(git.tries()).toBe(1);
});

test("who waits is handed back at once when the lane stops, and given up when it is superseded", async () => {
  const git = withGit();
  start(git.work);
  const entry = submitted({ deadlineSeconds: 3600 });
  place.deliver(entry);
  await soon(() => expect(place.lane.away()).toBeDefined());
  place.setLast({ sequence: 8, entry: { ...entry, holder: "closed", awaits: null } });
  await settled("ack");
  place.setLast({ sequence: 7, entry });
  place.deliver(entry);
  await soon(() => expect(place.lane.away()).toBeDefined());
  await place.lane.stop();
  await settled("ack", "retry 0");
  expect(place.reports).toEqual([]);
  expect(place.spare()).toBe(0);
});
