/** Stages that fail, hang or stand still in real lane processes: what becomes of the candidate, and how soon. */
import {
  AS_READER,
  eventually,
  reportsAbout,
  type SpawnedService,
  spawnService,
} from "@baton/testkit";
import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { between, dispatchOf, type FailuresWorld, openFailuresWorld } from "./failures-world.ts";

/** Enough for what passes, also on a busy machine. */
const HURRY_SECONDS = 4;
let world: FailuresWorld;
let lanes: Record<"make" | "watch" | "hurry", SpawnedService>;

beforeAll(async () => {
  world = await openFailuresWorld({}, HURRY_SECONDS);
  lanes = {
    make: world.startLane("make", { BATON_LANE_CAPACITY: "4" }),
    watch: world.startLane("watch", { BATON_LANE_CAPACITY: "4" }),
    hurry: world.startLane("hurry"),
  };
  await Promise.all(Object.values(lanes).map((lane) => lane.ready(60_000)));
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

const fail = (kind: string, more: object = {}) => ({ does: "fail", class: kind, ...more });

async function attemptsOf(candidateId: string): Promise<[string, number][]> {
  const reports = await reportsAbout(world.loop.mesh, candidateId);
  return reports.map(({ report }) => [report.type, report.attempt]);
}

test.each([
  ["deterministic", "DETERMINISTIC_FAILURE"],
  ["spec", "SPEC_INVALID"],
  ["policy", "POLICY_DENIED"],
] as const)("a %s failure asks a person at once: %s", async (kind, reason) => {
  const id = await world.submit(`throws ${kind}`, { make: fail(kind) });
  const asked = await world.until(id, reason);
  expect(particularsOf(asked.entry)).toBe(
    "make failed at attempt 1: E_ON_PURPOSE failed on purpose",
  );
  expect(inTerminal(adviceOn(asked.entry))).toContain(
    `The lane of ${asked.entry.stage} says: "Mend it". `,
  );
  expect(await attemptsOf(id)).toEqual([["result", 1]]);
  world.measure(
    `${kind} failure -> ${reason}`,
    between(await dispatchOf(world, id, "make"), asked),
  );
});

test("a transient failure that passes is retried, and the candidate goes on", async () => {
  const id = await world.submit("flaky", {
    make: [fail("transient"), fail("transient"), { does: "pass" }],
  });
  await world.until(id, "COMPLETED");
  expect((await world.reasons(id)).slice(0, 4)).toEqual([
    "SUBMITTED",
    "RETRY_BACKOFF",
    "RETRY_BACKOFF",
    "STAGE_PASSED",
  ]);
});

test("a transient failure that doesn't pass is retried as often as the policy says", async () => {
  const id = await world.submit("away", {
    make: fail("transient", { code: "E_DATA_UNAVAILABLE" }),
  });
  const asked = await world.until(id, "RETRIES_EXHAUSTED");
  expect(await attemptsOf(id)).toEqual([
    ["attempt", 1],
    ["attempt", 2],
    ["attempt", 3],
    ["result", 4],
  ]);
  // A service that was away says nothing about the candidate.
  expect(asked.entry.failures).toEqual({});
  world.measure(
    "transient failure, 3 retries of 0.1 to 0.4 s -> RETRIES_EXHAUSTED",
    between(await dispatchOf(world, id, "make"), asked),
  );
});

test("what nobody has foreseen counts as transient, and the third time alike as a reason to ask", async () => {
  const id = await world.submit("odd", { make: { does: "throw", message: "odd after 17 ms" } });
  const asked = await world.until(id, "SAME_FAILURE");
  expect(await attemptsOf(id)).toEqual([
    ["attempt", 1],
    ["attempt", 2],
    ["attempt", 3],
  ]);
  expect(asked.entry).toMatchObject({ failure: { code: "E_UNEXPECTED" }, failures: { make: 3 } });
  world.measure(
    "the same unforeseen failure three times -> SAME_FAILURE",
    between(await dispatchOf(world, id, "make"), asked),
  );
  // The fourth attempt is on its way already; it finds itself superseded.
  await eventually(() => lanes.make.output().includes("dispatch acknowledged away"), {
    what: "acknowledged away",
  });
  expect(await attemptsOf(id)).toHaveLength(3);
});

test("the same failure over three runs is named as such, with the run that had it first", async () => {
  const id = await world.submit("same again", { make: fail("deterministic") });
  const first = await world.until(id, "DETERMINISTIC_FAILURE");
  for (const iteration of [1, 2]) {
    await world.resume(id);
    await world.loop.until(
      id,
      "asked again",
      ({ holder, ...last }) => holder === "review" && last.iteration === iteration,
    );
  }
  const asked = await world.until(id, "SAME_FAILURE");
  expect(particularsOf(asked.entry)).toContain(
    `same failure as run ${first.entry.runId}, inputs unchanged`,
  );
});

test.each([
  ["exit 65", "SPEC_INVALID"],
  ["exit 70", "DETERMINISTIC_FAILURE"],
  ["exit 77", "POLICY_DENIED"],
  [
    `echo '{"failure":{"class":"spec","code":"E_FIELD","message":"no universe"}}'; exit 1`,
    "SPEC_INVALID",
  ],
  ["exit 75", "RETRIES_EXHAUSTED"],
] as const)("an external program that ends by `%s` leads to %s", async (script, reason) => {
  const id = await world.submit(script, { make: { does: "program", script } });
  await world.until(id, reason);
  expect(await attemptsOf(id)).toHaveLength(reason === "RETRIES_EXHAUSTED" ? 4 : 1);
});

const Attempts = z.array(
  z.object({
    candidateId: z.string(),
    step: z.string(),
    progressAt: z.iso.datetime(),
    progressDueAt: z.iso.datetime().nullable(),
  }),
);

test("a lane that is up but makes no progress shows its watermark, is aborted when that stands still, and ends as STALLED", async () => {
  const id = await world.submit("stands still", { watch: { does: "hang" } });
  const address = await lanes.watch.ready(60_000);
  const shown = await eventually(
    async () => {
      const answer = await fetch(`${address}/attempts`, AS_READER);
      return Attempts.parse(await answer.json()).find(({ candidateId }) => candidateId === id);
    },
    { what: "attempt shown", withinMs: 20_000 },
  );
  expect(shown.step).toBe("hang");
  expect(Date.parse(shown.progressDueAt ?? "") - Date.parse(shown.progressAt)).toBe(1000);
  const noted = await world.until(id, "RETRY_BACKOFF");
  const dispatch = await dispatchOf(world, id, "watch");
  world.measure("no progress for 1 s -> noted as a failed attempt", between(dispatch, noted));
  const asked = await world.loop.until(
    id,
    "stalled for good",
    ({ reason }) => reason === "STALLED",
  );
  expect(asked.entry.failure).toMatchObject({ class: "transient", code: "E_STALLED" });
  expect(asked.entry.attempt).toBe(4);
  world.measure("no progress in 4 attempts of 1 s -> STALLED", between(dispatch, asked));
}, 120_000);

test("one that stood still goes on by itself if the next attempt moves, and isn't disturbed while it moves", async () => {
  const work = { does: "work", ms: 2500 };
  const id = await world.submit("moves again", { watch: [{ does: "hang" }, work] });
  await world.until(id, "COMPLETED");
  expect(await world.reasons(id)).toEqual([
    "SUBMITTED",
    "STAGE_PASSED",
    "RETRY_BACKOFF",
    "STAGE_PASSED",
    "COMPLETED",
  ]);
}, 120_000);

test("a handler that hangs past its deadline is noticed by the coordinator, and its lane takes other work", async () => {
  const id = await world.submit("hangs", { hurry: { does: "hang" } });
  const asked = await world.until(id, "DEADLINE_PASSED");
  expect(asked.entry).toMatchObject({ holder: "review", stage: "hurry" });
  world.measure(
    `hangs past a deadline of ${HURRY_SECONDS} s -> DEADLINE_PASSED`,
    between(await dispatchOf(world, id, "hurry"), asked),
  );
  // The lane has one place only; what ignores its signal doesn't keep it.
  const next = await world.submit("after the one that hangs", {});
  await world.until(next, "COMPLETED");
  expect(lanes.hurry.output()).toContain("the stage ignores its signal and is left behind");
}, 120_000);

const Reviews = z.object({
  reviews: z.array(
    z.object({ candidateId: z.string(), lastNotifiedAt: z.iso.datetime().nullable() }),
  ),
});

test("people are told of a review as soon as it is decided", async () => {
  await using escalation = spawnService("apps/escalation/src/main.ts", {
    BATON_NATS_URL: world.nats.url,
    BATON_NATS_SEED_FILE: world.nats.seedFileOf("escalation"),
  });
  const address = await escalation.ready(60_000);
  const id = await world.submit("told", { make: fail("deterministic") });
  const asked = await world.until(id, "DETERMINISTIC_FAILURE");
  const toldAt = await eventually(
    async () => {
      const { reviews } = Reviews.parse(
        await (await fetch(`${address}/reviews`, AS_READER)).json(),
      );
      return reviews.find(({ candidateId }) => candidateId === id)?.lastNotifiedAt;
    },
    { what: "told", withinMs: 20_000 },
  );
  const ms = Date.parse(toldAt) - Date.parse(asked.entry.time);
  world.measure("review decided -> escalation has told people (its log)", ms);
  expect(escalation.output()).toContain(id);
}, 120_000);

test("J5 held at every look while all this happened", () => {
  const { looks, faults } = world.unsettled();
  expect(faults).toEqual([]);
  expect(looks).toBeGreaterThan(20);
});
