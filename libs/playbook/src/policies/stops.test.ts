import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { evidenceNeeded } from "../candidate/evidence.ts";
import { stageRule } from "../format/playbook.ts";
import { evidenceFor } from "../testing/reports.ts";
import { arrivedAt, begun, commandOf, loaded, shown, type Story } from "../testing/story.ts";

const baton = loaded(parse(batonText));

/** About to be promoted: its policy dry run is with the lane. */
const beforePromotion = (): Story => arrivedAt(baton, "policy-dry-run");

/** A person lifts the hold; the kept result is verified as the coordinator would. */
function resumeKept(story: Story): string {
  const command = commandOf("resume", { id: "resume-kept" }, story.now);
  const happening = { kind: "command", command, sampled: false } as const;
  const needed = evidenceNeeded(story.last(), happening, baton);
  const rule = stageRule(baton, story.entry().stage);
  return shown(story.ask(happening, needed && evidenceFor(needed.report, rule)));
}

function releasedByTwo(story: Story): void {
  story.control("release-kill-switch", { by: "olga" });
  story.control("release-kill-switch", { by: "rolf" });
}

test("J7: an engaged kill switch keeps the result, and it goes on by itself when two people released it", () => {
  const story = beforePromotion();
  story.control("kill-switch", { by: "kim" });
  expect(shown(story.result())).toBe("KILL_SWITCH review");
  expect(story.entry()).toMatchObject({
    stage: "policy-dry-run",
    awaits: null,
    controls: story.controls.last()?.sequence,
    kept: { report: { stage: "policy-dry-run" } },
  });
  expect(particularsOf(story.entry())).toContain(
    "shadow-paper waits: the kill switch is engaged since",
  );
  expect(shown(story.lifted())).toBe("ignore early");
  story.control("release-kill-switch", { by: "olga" });
  expect(shown(story.lifted())).toBe("ignore early");
  story.control("release-kill-switch", { by: "rolf" });
  expect(shown(story.lifted())).toBe("STAGE_PASSED lane-e");
  expect(story.entry()).toMatchObject({ stage: "shadow-paper", kept: null, review: null });
});

test("the kill switch stops promotions only: research goes on", () => {
  const story = begun(baton);
  story.control("kill-switch");
  expect(shown(story.result())).toBe("STAGE_PASSED lane-b");
  expect(shown(story.result())).toBe("STAGE_PASSED lane-c");
});

test("what needs orders or drills to pass waits for the switch too, instead of failing by it", () => {
  const story = arrivedAt(baton, "gate-evaluation");
  story.control("kill-switch");
  expect(shown(story.result())).toBe("KILL_SWITCH review");
  releasedByTwo(story);
  expect(shown(story.lifted())).toBe("STAGE_PASSED lane-e");
  story.control("kill-switch");
  expect(shown(story.result())).toBe("KILL_SWITCH review");
  expect(particularsOf(story.entry())).toContain("rollback-readiness waits");
});

test("what a person asks for while it's stopped is refused and changes nothing", () => {
  const story = arrivedAt(baton, "shadow-paper");
  story.result();
  expect(story.entry().reason).toBe("APPROVAL_REQUIRED");
  story.command("approve", { by: "dan" });
  story.control("kill-switch");
  expect(shown(story.command("approve", { by: "eve" }))).toBe("E_GUARD");
  releasedByTwo(story);
  expect(shown(story.command("approve", { by: "eve" }))).toBe("APPROVED lane-e");
});

test("a submission during a freeze of all is refused; of a lane it comes as far as the lane", () => {
  const frozen = begun(baton);
  frozen.control("incident", { scope: { kind: "lane", lane: "lane-c" } });
  expect(shown(frozen.result())).toBe("STAGE_PASSED lane-b");
  expect(shown(frozen.result())).toBe("FROZEN review");
  expect(particularsOf(frozen.entry())).toContain("backtest-robustness waits: incident inc-");
  const other = begun(baton);
  other.control("incident", { scope: { kind: "all" } });
  expect(shown(other.result())).toBe("FROZEN review");
  expect(shown(other.command("send-back"))).toBe("E_GUARD");
  other.controls.calm(other.now);
  expect(shown(other.lifted())).toBe("STAGE_PASSED lane-b");
});

test("a stopped one can be held, so that it doesn't go on by itself", () => {
  const story = beforePromotion();
  story.control("kill-switch");
  story.result();
  expect(shown(story.command("resume"))).toBe("E_CONFLICT");
  expect(shown(story.command("pause"))).toBe("PAUSED review");
  expect(story.entry().kept?.report.stage).toBe("policy-dry-run");
  releasedByTwo(story);
  expect(shown(story.lifted())).toBe("ignore stale");
  expect(resumeKept(story)).toBe("STAGE_PASSED lane-e");
});

test("J2: what was kept goes on only on evidence that is verified anew", () => {
  const story = beforePromotion();
  story.control("kill-switch");
  story.result();
  releasedByTwo(story);
  expect(shown(story.lifted({ found: { "gates/policy-dry-run.json": "missing" } }))).toBe(
    "EVIDENCE_MISSING review",
  );
});

test("a change that isn't in Git yet blocks promotions, and nothing else", () => {
  const story = begun(baton);
  const { candidateId } = story.entry();
  story.control("incident", { scope: { kind: "candidate", candidateId: "cand-of-another" } });
  const incidentId = story.controls.last()?.controls.incidents[0]?.id ?? "";
  story.control("emergency", { incidentId, candidateId: "cand-of-another" });
  story.control("close-incident", { incidentId });
  while (story.entry().stage !== "policy-dry-run") story.result();
  expect(shown(story.result())).toBe("PROMOTION_BLOCKED review");
  expect(inTerminal(adviceOn(story.entry()))).toContain("baton close-task task-");
  expect(story.entry().candidateId).toBe(candidateId);
  const taskId = story.controls.last()?.controls.tasks[0]?.id ?? "";
  story.control("close-task", { taskId });
  expect(shown(story.lifted())).toBe("STAGE_PASSED lane-e");
});

test("one stop after another: the later one is told", () => {
  const story = beforePromotion();
  story.control("incident", { scope: { kind: "lane", lane: "lane-e" } });
  expect(shown(story.result())).toBe("FROZEN review");
  story.control("kill-switch");
  expect(shown(story.lifted())).toBe("KILL_SWITCH review");
  story.controls.calm(story.now);
  expect(shown(story.lifted())).toBe("STAGE_PASSED lane-e");
});

/** What a lane says that a stop met in the middle of its stage. */
const interrupted = {
  failure: {
    class: "policy",
    code: "E_KILL_SWITCH",
    message: "the mesh's kill switch is engaged",
    action: "Two people release it.",
  },
} as const;

/** With lane E in the middle of the ramp, which dan and eve approved. */
function ramping(): Story {
  const story = arrivedAt(baton, "shadow-paper");
  story.result();
  story.command("approve", { by: "dan" });
  story.command("approve", { by: "eve" });
  expect(story.entry()).toMatchObject({ stage: "live-ramp", holder: "lane-e" });
  return story;
}

test("a ramp that the switch meets in its middle waits and goes on by itself, on the approvals it had", () => {
  const story = ramping();
  const { runId, artifacts } = story.entry();
  story.control("kill-switch");
  expect(shown(story.result(interrupted))).toBe("KILL_SWITCH review");
  expect(story.entry()).toMatchObject({ stage: "live-ramp", runId, failure: null, awaits: null });
  expect(shown(story.lifted())).toBe("ignore early");
  releasedByTwo(story);
  expect(shown(story.lifted())).toBe("RESUMED lane-e");
  const again = story.entry();
  expect(again.runId).not.toBe(runId);
  expect(again.artifacts).toEqual(artifacts);
  expect(again.approvals.map(({ by, runId: of }) => [by, of])).toEqual([
    ["dan", again.runId],
    ["eve", again.runId],
  ]);
  expect(shown(story.result())).toBe("STAGE_PASSED lane-f");
});

test("a switch that is released before the lane's word comes in has the ramp go on at once", () => {
  const story = ramping();
  story.control("kill-switch");
  releasedByTwo(story);
  expect(shown(story.result(interrupted))).toBe("RESUMED lane-e");
});

test("approvals whose time is over when the stop is lifted are asked for anew", () => {
  const story = ramping();
  story.control("kill-switch");
  story.result(interrupted);
  story.wait(40 * 86_400);
  releasedByTwo(story);
  expect(shown(story.lifted())).toBe("APPROVAL_REQUIRED review");
});

test("a ramp stopped by people's switch at the broker is resumed on the approvals it had", () => {
  const story = ramping();
  const failure = { ...interrupted.failure, code: "E_ACCOUNT_SWITCH" };
  expect(shown(story.result({ failure }))).toBe("POLICY_DENIED review");
  expect(shown(story.command("resume"))).toBe("RERUN lane-e");
});

test("every stage that the switch may meet in its middle waits for it, recovery's checks too; no other does", () => {
  for (const stage of baton.stages.keys()) {
    const isRecovery = stage === "incident-recovery";
    const story = arrivedAt(baton, isRecovery ? "shadow-paper" : stage);
    if (isRecovery) story.result({ verdict: "fail" }, { gate: "fail" });
    story.control("kill-switch");
    const waits = !/research|build|backtest|gate-|audit/.test(stage);
    const seen = shown(story.result(interrupted));
    expect([stage, seen]).toEqual([stage, waits ? "KILL_SWITCH review" : "POLICY_DENIED review"]);
    if (!waits) continue;
    releasedByTwo(story);
    expect(shown(story.lifted())).toBe(`RESUMED ${stageRule(baton, stage).lane}`);
    expect(story.entry().stage).toBe(stage);
  }
});
