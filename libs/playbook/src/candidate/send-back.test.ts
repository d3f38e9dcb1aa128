import { particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { arrivedAt, loaded, shown, type Story } from "../testing/story.ts";

const playbook = loaded(parse(batonText));
const START = playbook.start;

/** A candidate whose live ramp waits for its approval. */
function asking(): Story {
  const story = arrivedAt(playbook, "shadow-paper");
  story.result();
  return story;
}

test("starts a new run with the reasons attached and nothing of what was made", () => {
  const story = asking();
  const before = story.entry();
  expect(shown(story.command("send-back", { why: "costs are too rosy" }))).toBe("SENT_BACK lane-a");
  const after = story.entry();
  expect(after).toMatchObject({
    stage: START,
    awaits: 0,
    iteration: before.iteration + 1,
    loops: before.loops,
    artifacts: [],
    visited: [START],
    feedback: [
      { runId: before.runId, stage: "shadow-paper", reasons: ["bob: costs are too rosy"] },
    ],
    guard: { from: null, to: START, rule: "transition_allowed" },
  });
  expect(after.runId).not.toBe(before.runId);
  expect(particularsOf(after)).toBe(
    `Sent back to ${START} by bob. Not undone: what candidate-build, shadow-paper changed. Why: costs are too rosy`,
  );
});

test("the gate's own reasons go along", () => {
  const story = arrivedAt(playbook, "gate-evaluation");
  story.result({ verdict: "inconclusive" }, { reasons: ["gate1: no trades"] });
  story.command("send-back", { why: "look again" });
  expect(story.entry().feedback.at(-1)?.reasons).toEqual(["bob: look again", "gate1: no trades"]);
});

test("a long reason is kept whole, in pieces that feedback can hold", () => {
  const why = Array.from({ length: 90 }, (_, index) => `word-${index}🙂`)
    .join(" ")
    .slice(0, 990);
  const story = asking();
  story.command("send-back", { why });
  const reasons = story.entry().feedback.at(-1)?.reasons ?? [];
  expect(reasons.length).toBeGreaterThan(3);
  expect(reasons.join(" ")).toBe(`bob: ${why.trim()}`);
});

test("an approval given before is void in the next run", () => {
  const two = loaded(withTwoApprovals());
  const story = arrivedAt(two, "shadow-paper");
  story.result();
  story.command("approve", { by: "eve" });
  story.command("send-back");
  while (story.entry().reason !== "APPROVAL_REQUIRED") story.result();
  expect(particularsOf(story.entry())).toMatch(/Void, since given for an earlier question: eve\.$/);
  expect(shown(story.command("approve", { by: "dan" }))).toBe("APPROVAL_REQUIRED review");
  expect(shown(story.command("approve", { by: "eve" }))).toBe("APPROVED lane-e");
});

function withTwoApprovals() {
  const document: { stages: Record<string, unknown>[] } = parse(batonText);
  const stages = document.stages.map((stage) =>
    stage["stage"] === "live-ramp" ? { ...stage, approvals: { required: 2 } } : stage,
  );
  return { ...document, stages };
}

test("a hold is lifted by it, what is in flight no longer counts", () => {
  const story = arrivedAt(playbook, "backtest-robustness");
  story.command("pause");
  const dispatch = story.dispatched();
  expect(shown(story.command("send-back"))).toBe("SENT_BACK lane-a");
  expect(story.entry().hold).toBeNull();
  expect(particularsOf(story.entry())).toContain("backtest-robustness was in flight");
  expect(dispatch.entry.runId).not.toBe(story.entry().runId);
});

test("a result that was kept during the hold is dropped, and that is said", () => {
  const story = arrivedAt(playbook, "backtest-robustness");
  story.command("pause");
  story.result();
  story.command("send-back");
  expect(story.entry()).toMatchObject({ kept: null, hold: null, awaits: 0 });
  expect(particularsOf(story.entry())).toContain(
    "The result of backtest-robustness that was kept is dropped",
  );
});

test("what a lane works on must be paused first", () => {
  const story = arrivedAt(playbook, "backtest-robustness");
  expect(shown(story.command("send-back"))).toBe("E_CONFLICT");
});

test("the playbook's limit on runs holds for it too; what a gate may send back is counted apart", () => {
  const few = loaded({ ...parse(batonText), limits: { maxIterations: 2, maxLoops: 1 } });
  const story = arrivedAt(few, "backtest-robustness");
  story.result({ failure: "spec" });
  expect(shown(story.command("send-back"))).toBe("SENT_BACK lane-a");
  expect(story.entry().loops).toBe(0);
  story.result({ failure: "spec" });
  expect(shown(story.command("send-back"))).toBe("E_LIMIT");
  expect(shown(story.command("reject"))).toBe("REJECTED closed");
});
