import { DEFAULT_WALK_FORWARD_LIMITS, type Entry, withBasis } from "@baton/contracts";
import { startTelemetry } from "@baton/telemetry";
import { afterAll, afterEach, expect, test, vi } from "vitest";

import { done, type StageContext, StageFailure, type StageWork } from "./define-lane.ts";
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
const deaf: StageWork = () => new Promise(() => undefined);

const soon = <T>(condition: () => T) => vi.waitFor(condition, { timeout: 10_000, interval: 10 });
const settled = (...list: string[]) => soon(() => expect(place.settled).toEqual(list));

test("a failure's class decides: transient ones are handed back with their delay, the others reported for good", async () => {
  start(async ({ attempt }) => {
    const kind = attempt === 1 ? "transient" : "spec";
    throw new StageFailure({ class: kind, code: "E_X", message: "no", action: "" });
  });
  place.deliver(submitted(), 1);
  await settled("retry 0");
  place.deliver(submitted(), 2);
  await settled("retry 0", "ack");
  expect(place.reports.map(({ type, attempt }) => [type, attempt])).toEqual([
    ["attempt", 1],
    ["result", 2],
  ]);
});

test("deliveries that ended without a word are told, failed attempts and a first restart aren't", async () => {
  start(untilAborted);
  const entry = submitted();
  const lastWith = (attempt: number) => ({ sequence: 7, entry: { ...entry, attempt } });
  place.setLast(lastWith(0));
  place.deliver(entry, 3);
  await soon(() => expect(place.lane.attempts()).toHaveLength(1));
  expect(place.lane.unanswered()).toBeUndefined();
  place.setLast(lastWith(4));
  place.deliver(entry, 5);
  await soon(() => expect(place.lane.attempts()).toHaveLength(2));
  expect(place.lane.unanswered()).toBeUndefined();
  place.setLast(lastWith(1));
  place.deliver(entry, 6);
  await soon(() =>
    expect(place.lane.unanswered()).toBe(
      "delivery 6 of cand-1 at make: whoever had it before ended without an answer, 4 times",
    ),
  );
});

test("nothing is done on what a dispatch doesn't name: it is tried again, and done once the journal is whole", async () => {
  let works = 0;
  let isSpoiled = true;
  const work: StageWork = async () => {
    works += 1;
    return done("looked");
  };
  start(work, { isSpoiled: () => isSpoiled });
  place.deliver(submitted(), 1);
  await settled("retry 0");
  expect(works).toBe(0);
  expect(place.reports.at(-1)).toMatchObject({
    type: "attempt",
    failure: {
      class: "transient",
      code: "E_JOURNAL",
      message: "it names JOURNAL 3, which isn't there",
      action: expect.stringContaining("baton doctor --deep"),
    },
  });
  isSpoiled = false;
  place.deliver(submitted(), 2);
  await settled("retry 0", "ack");
  expect(works).toBe(1);
});

test("a stage sees what its dispatch says of a walk-forward, and what is usual where it says nothing", async () => {
  const seen: StageContext["walkForward"][] = [];
  start(async ({ walkForward }) => {
    seen.push(walkForward);
    return done("looked");
  });
  const asked = { ...DEFAULT_WALK_FORWARD_LIMITS, minFolds: 9 };
  place.deliver(withBasis({ ...submitted(), walkForward: asked }, undefined));
  await settled("ack");
  await place.lane.stop();
  start(async ({ walkForward }) => {
    seen.push(walkForward);
    return done("looked");
  });
  place.deliver(submitted());
  await settled("ack");
  expect(seen).toEqual([asked, DEFAULT_WALK_FORWARD_LIMITS]);
});

test("an attempt whose watermark stands still is aborted and reported as stalled", async () => {
  const steps: string[] = [];
  start(async (context) => {
    context.progress("reading row 1");
    context.signal.addEventListener("abort", () => context.progress("too late"));
    steps.push("began");
    return untilAborted(context);
  });
  place.deliver(submitted({ progressSeconds: 0.2 }));
  await settled("retry 0");
  expect(place.reports).toMatchObject([
    {
      type: "attempt",
      failure: {
        class: "transient",
        code: "E_STALLED",
        message: expect.stringMatching(
          /^no progress for more than 0.2 s; last step "reading row 1" at 2/,
        ),
      },
    },
  ]);
  expect(steps).toEqual(["began"]);
});

test("the last stalled attempt is the stage run's result", async () => {
  start(untilAborted);
  place.deliver(submitted({ progressSeconds: 0.1 }), 3);
  await settled("ack");
  expect(place.reports).toMatchObject([
    { type: "result", outcome: { kind: "failed", failure: { code: "E_STALLED" } } },
  ]);
});

test("progress keeps an attempt going for longer than it may stand still; where none is asked for, it may", async () => {
  const moves = 100;
  start(async (context) => {
    for (let move = 1; move <= moves; move += 1) {
      context.progress(`move ${move}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return done("made");
  });
  place.deliver(submitted({ progressSeconds: 1 }));
  await soon(() => expect(place.lane.attempts()[0]?.step).toMatch(/^move /));
  const [shown] = place.lane.attempts();
  expect(Date.parse(shown?.progressDueAt ?? "") - Date.parse(shown?.progressAt ?? "")).toBe(1000);
  await settled("ack");
  expect(place.reports).toMatchObject([{ type: "result", outcome: { kind: "done" } }]);
});

test("without a watermark to keep nothing is due", async () => {
  start(untilAborted);
  place.deliver(submitted());
  await soon(() => expect(place.lane.attempts()).toHaveLength(1));
  expect(place.lane.attempts()[0]?.progressDueAt).toBeNull();
});

test("R5: work that ignores its signal is left behind, and gives its place back", async () => {
  start(deaf);
  place.deliver(submitted({ progressSeconds: 0.1 }));
  await settled("retry 0");
  await soon(() => expect(place.released()).toBe(1));
  expect(place.lane.attempts()).toEqual([]);
});

test("an attempt past its deadline is given up without a report", async () => {
  start(deaf);
  place.deliver(submitted({ deadlineSeconds: 0.2 }));
  await settled("ack");
  expect(place.reports).toEqual([]);
});

test("R4: on shutdown what runs is handed back without a report, also if it ignores its signal", async () => {
  start(deaf);
  place.deliver(submitted());
  await soon(() => expect(place.lane.attempts()).toHaveLength(1));
  await place.lane.stop();
  await settled("retry 0");
  expect(place.reports).toEqual([]);
});

test("R3: what is superseded is given up at the next heartbeat", async () => {
  start(untilAborted);
  const entry = submitted();
  place.deliver(entry);
  await soon(() => expect(place.lane.attempts()).toHaveLength(1));
  place.setLast({ sequence: 8, entry: { ...entry, holder: "closed", awaits: null } });
  await settled("ack");
  expect(place.reports).toEqual([]);
});

test.each<readonly [string, Partial<Entry>]>([
  ["people are asked about it", { holder: "review", reason: "NO_WORKERS" }],
  [
    "people are asked about another",
    {
      reason: "RETRY_BACKOFF",
      about: { kind: "no-workers", stage: "draft" },
      deadline: new Date(Date.now() + 86_400_000).toISOString(),
    },
  ],
])(
  "R1: who comes back to a lane without workers has the stage's full time, though the first one is over: %s",
  async (_, waits) => {
    const yesterday = submitted({ deadlineSeconds: 60 }, new Date(Date.now() - 86_400_000));
    const seen: string[] = [];
    start(async (context: StageContext) => {
      seen.push(context.deadline);
      return untilAborted(context);
    });
    place.setLast({
      sequence: 9,
      entry: { ...yesterday, awaits: 7, ...waits },
    });
    place.deliver(yesterday, 2);
    await soon(() => expect(seen).toHaveLength(1));
    expect(Date.parse(seen[0] ?? "")).toBeGreaterThan(Date.now() + 50_000);
    expect(Date.parse(seen[0] ?? "")).toBeLessThan(Date.now() + 70_000);
    // The coordinator notices, and says by when from now on.
    const deadline = "2999-01-01T00:00:00.000Z";
    const back = { ...yesterday, reason: "WORKERS_BACK", awaits: 7, deadline } as const;
    place.setLast({ sequence: 10, entry: back });
    await soon(() => expect(place.lane.attempts()[0]?.deadline).toBe(deadline));
    place.setLast({ sequence: 11, entry: { ...back, deadline: yesterday.deadline } });
    await settled("ack");
  },
);
