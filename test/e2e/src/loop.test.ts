/** The loop as a user knows it, with a real coordinator process on a real server; only the stages' work is the test's. */
import { FailureClass } from "@baton/contracts";
import { done, StageFailure, type StageWork } from "@baton/lanekit";
import { eventually, startTestNats, type TestNats } from "@baton/testkit";
import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { failCheck, type LoopWorld, openLoopWorld, passCheck } from "./loop-world.ts";

let nats: TestNats;
let world: LoopWorld;
const attempts = new Map<string, number>();

/** Stage `make` does what the specification says. */
const make: StageWork = async (context) => {
  const { spec, candidateId, attempt, signal } = context;
  attempts.set(candidateId, attempt);
  if (spec["does"] === "fail") {
    const of = FailureClass.parse(spec["class"]);
    throw new StageFailure({
      class: of,
      code: "E_ON_PURPOSE",
      message: "failed on purpose",
      action: "Mend it.",
    });
  }
  if (spec["does"] === "flaky" && attempt <= 2) throw new Error("connection reset");
  if (spec["does"] === "wait") {
    await new Promise((resolve) => {
      releases.set(candidateId, () => resolve(undefined));
      signal.addEventListener("abort", () => resolve(undefined));
    });
  }
  await context.put("make/output.txt", new TextEncoder().encode(`made for ${candidateId}`));
  return done("made");
};
const releases = new Map<string, () => void>();

beforeAll(async () => {
  nats = await startTestNats({ signIn: true });
  world = await openLoopWorld(nats);
  world.startLanes({
    make,
    check: (context) => (context.spec["gate"] === "fail" ? failCheck(context) : passCheck(context)),
  });
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await nats.stop();
});

describe("a candidate that passes", () => {
  test("goes through every stage, each entry naming the one before (J1), each move with a receipt (J2)", async () => {
    const id = await world.submit({ needs: "nothing", name: "passes" });
    await world.until(id, "closed", (entry) => entry.holder === "closed");
    const history = await world.mesh.journal.history(id);
    expect(history.map(({ entry }) => [entry.holder, entry.stage, entry.reason])).toEqual([
      ["lane-a", "make", "SUBMITTED"],
      ["lane-b", "check", "STAGE_PASSED"],
      ["lane-c", "ship", "STAGE_PASSED"],
      ["closed", "ship", "COMPLETED"],
    ]);
    history.forEach(({ entry }, index) => {
      expect(entry.n).toBe(index + 1);
      expect(entry.prev).toBe(history[index - 1]?.sequence ?? 0);
    });
    expect(history[2]?.entry.guard).toEqual({
      from: "check",
      to: "ship",
      rule: "transition_allowed",
    });
    expect(history[2]?.entry.evidence?.gate?.verdict).toBe("pass");
  });

  test("gets the original receipt when it's submitted again (J3)", async () => {
    const spec = { needs: "nothing", name: "twice" };
    const id = await world.submit(spec);
    const { entry: last } = await world.until(id, "closed", ({ holder }) => holder === "closed");
    const [first] = await world.mesh.journal.history(id);
    const receipt = await world.send({ type: "submit", candidateId: id, by: "another", spec });
    expect(receipt.outcome).toEqual({
      kind: "accepted",
      duplicate: true,
      runId: first?.entry.runId,
      stage: "make",
      sequence: first?.sequence,
      time: first?.entry.time,
      detail: first && particularsOf(first.entry),
      stands: { stage: "ship", holder: "closed", reason: "COMPLETED", since: last.time },
    });
  });
});

describe("a candidate that needs approval", () => {
  test("waits for an approval by someone else, bound to its evidence", async () => {
    const id = await world.submit({ needs: "approval", name: "approved" });
    const waiting = await world.until(
      id,
      "approval required",
      (entry) => entry.reason === "APPROVAL_REQUIRED",
    );
    const own = await world.send({
      type: "approve",
      candidateId: id,
      by: "author",
      why: "mine is good",
    });
    expect(own.outcome).toMatchObject({ kind: "refused", code: "E_DENIED" });
    const stale = await world.send({
      type: "approve",
      candidateId: id,
      by: "other",
      why: "ok",
      evidence: "0".repeat(64),
    });
    expect(stale.outcome).toMatchObject({ kind: "refused", code: "E_CONFLICT" });
    const evidence = waiting.entry.review?.evidence ?? "";
    const given = await world.send({
      type: "approve",
      candidateId: id,
      by: "other",
      why: "read it",
      evidence,
    });
    expect(given.outcome).toMatchObject({ kind: "accepted", stage: "ship" });
    const closed = await world.until(id, "closed", (entry) => entry.holder === "closed");
    expect(closed.entry.approvals).toMatchObject([{ by: "other", stage: "ship", evidence }]);
  });
});

describe("a candidate that a gate stops", () => {
  test("loops back once with the gate's reasons, then waits for a person", async () => {
    const id = await world.submit({ gate: "fail", name: "stopped" });
    const last = await world.until(id, "gate failed", (entry) => entry.reason === "GATE_FAILED");
    const history = await world.mesh.journal.history(id);
    expect(history.map(({ entry }) => entry.reason)).toEqual([
      "SUBMITTED",
      "STAGE_PASSED",
      "LOOPED_BACK",
      "STAGE_PASSED",
      "GATE_FAILED",
    ]);
    expect(new Set(history.map(({ entry }) => entry.runId)).size).toBe(2);
    const { feedback } = await world.mesh.journal.whole(last.entry);
    expect(feedback).toMatchObject([{ stage: "check", reasons: ["gate1: too good to be true"] }]);
    expect(last.entry.deadline).not.toBeNull();
  });
});

describe("failures", () => {
  test("of an unknown kind are transient, retried with backoff, and noted", async () => {
    const id = await world.submit({ does: "flaky" });
    await world.until(id, "closed", (entry) => entry.holder === "closed");
    const history = await world.mesh.journal.history(id);
    expect(history.slice(0, 4).map(({ entry }) => entry.reason)).toEqual([
      "SUBMITTED",
      "RETRY_BACKOFF",
      "RETRY_BACKOFF",
      "STAGE_PASSED",
    ]);
    expect(attempts.get(id)).toBe(3);
  });

  test.each([
    ["deterministic", "DETERMINISTIC_FAILURE"],
    ["spec", "SPEC_INVALID"],
    ["policy", "POLICY_DENIED"],
  ])(
    "of class %s are never retried (J6) and end in a review with what to do",
    async (kind, reason) => {
      const id = await world.submit({ does: "fail", class: kind });
      const { entry } = await world.until(id, reason, (last) => last.reason === reason);
      expect(attempts.get(id)).toBe(1);
      expect(inTerminal(adviceOn(entry))).toContain('The lane of make says: "Mend it". ');
      expect(entry.failure).toMatchObject({ code: "E_ON_PURPOSE" });
    },
  );

  test("of class transient end in a review when the policy's retries are used up", async () => {
    const id = await world.submit({ does: "fail", class: "transient" });
    await world.until(id, "exhausted", (entry) => entry.reason === "RETRIES_EXHAUSTED");
    expect(attempts.get(id)).toBe(3);
  });

  test("a review is answered by resume: the stage runs again as a new run", async () => {
    const id = await world.submit({ does: "fail", class: "deterministic", name: "resumed" });
    const before = await world.until(id, "failed", (entry) => entry.holder === "review");
    const receipt = await world.send({
      type: "resume",
      candidateId: id,
      by: "operator",
      why: "mended",
    });
    expect(receipt.outcome).toMatchObject({ kind: "accepted", stage: "make" });
    const again = await world.until(
      id,
      "failed again",
      (entry) => entry.holder === "review" && entry.iteration === 1,
    );
    expect(again.entry.runId).not.toBe(before.entry.runId);
  });
});

describe("a hold", () => {
  test("keeps the result of what was in flight and dispatches nothing until it's lifted (J7)", async () => {
    const id = await world.submit({ does: "wait", name: "held" });
    await eventually(() => releases.has(id), { what: "running" });
    await world.send({ type: "pause", candidateId: id, by: "operator", why: "looking" });
    releases.get(id)?.();
    const kept = await world.until(id, "result kept", (entry) => entry.kept !== null);
    expect(kept.entry).toMatchObject({
      holder: "review",
      reason: "PAUSED",
      hold: { by: "operator", why: "looking" },
    });
    await world.send({ type: "resume", candidateId: id, by: "operator", why: "done looking" });
    await world.until(id, "closed", (entry) => entry.holder === "closed");
    const history = await world.mesh.journal.history(id);
    expect(history.map(({ entry }) => entry.reason)).toEqual([
      "SUBMITTED",
      "PAUSED",
      "PAUSED",
      "STAGE_PASSED",
      "STAGE_PASSED",
      "COMPLETED",
    ]);
  });

  test("that is lifted before the result lets the running attempt go on, without a second dispatch (J3)", async () => {
    const id = await world.submit({ does: "wait", name: "held and lifted" });
    await eventually(() => releases.has(id), { what: "running" });
    await world.send({ type: "pause", candidateId: id, by: "operator", why: "looking" });
    await world.send({ type: "resume", candidateId: id, by: "operator", why: "fine" });
    releases.get(id)?.();
    await world.until(id, "closed", (entry) => entry.holder === "closed");
    const history = await world.mesh.journal.history(id);
    const dispatches = history
      .filter(({ entry }) => entry.awaits === 0)
      .map(({ entry }) => `${entry.stage}.${entry.runId}`);
    expect(dispatches).toHaveLength(3);
    expect(new Set(dispatches).size).toBe(3);
  });
});

test("cancel closes a candidate whose stage is running; its late result changes nothing", async () => {
  const id = await world.submit({ does: "wait", name: "cancelled" });
  await eventually(() => releases.has(id), { what: "running" });
  await world.send({ type: "cancel", candidateId: id, by: "operator", why: "not needed" });
  releases.get(id)?.();
  const last = await world.until(id, "closed", (entry) => entry.holder === "closed");
  expect(last.entry.reason).toBe("CANCELLED");
  const after = await world.send({
    type: "resume",
    candidateId: id,
    by: "operator",
    why: "changed my mind",
  });
  expect(after.outcome).toMatchObject({ kind: "refused", code: "E_CONFLICT" });
});

test("malformed and foreign messages are set aside and stop nobody", async () => {
  const { mesh } = world;
  const foreign = (subject: string, payload: string) =>
    mesh.publisher.publish({ subject, payload, headers: {} });
  await foreign("baton.command.cand-foreign.command-1", "not json");
  await foreign("baton.command.cand-foreign.command-2", '{"v":1,"type":"explode"}');
  await foreign("baton.report.lane-a.cand-foreign.make.run-000000000000.result", "{}");
  await foreign("baton.report.nobody", "hello");
  const id = await world.submit({ name: "after the malformed ones" });
  await world.until(id, "closed", (entry) => entry.holder === "closed");
  const { state } = await mesh.jsm.streams.info("ADVISORIES", {
    subjects_filter: "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
  });
  const counts: Record<string, number> = state.subjects ?? {};
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(4);
});
