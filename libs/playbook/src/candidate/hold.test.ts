import { awaitedDispatch, type Entry } from "@baton/contracts";
import { particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { stageRule } from "../format/playbook.ts";
import { evidenceFor } from "../testing/reports.ts";
import { appended, arrivedAt, commandOf, loaded, shown, type Story } from "../testing/story.ts";
import { evidenceNeeded } from "./evidence.ts";

const playbook = loaded(parse(batonText));
const STAGE = "backtest-robustness";

const running = () => arrivedAt(playbook, STAGE);

/** Lifts the hold as a coordinator does: what the core asks for is looked for first. */
function resume(story: Story, changes: Parameters<typeof evidenceFor>[2] = {}): Entry {
  const command = commandOf("resume", { id: `resume-${story.told.length}` }, story.now);
  const happening = { kind: "command", command, sampled: false } as const;
  const needed = evidenceNeeded(story.last(), happening, playbook);
  const rule = stageRule(playbook, story.entry().stage);
  return appended(story.ask(happening, needed && evidenceFor(needed.report, rule, changes)));
}

test("J7: nothing moves a held candidate but the person who lifts the hold", () => {
  const story = running();
  story.command("pause", { why: "broker is down" });
  const { hold } = story.entry();
  story.attempt();
  story.deadline();
  story.wait(1_000_000);
  story.deadline();
  story.result();
  for (const { entry } of story.journal.slice(-3)) {
    expect(entry).toMatchObject({ holder: "review", reason: "PAUSED", stage: STAGE, hold });
  }
});

test("a hold on a running stage: the lane goes on, until its own deadline", () => {
  const story = running();
  const dispatch = story.dispatched();
  story.command("pause");
  expect(particularsOf(story.entry())).toContain(
    `${STAGE} was handed to lane-c before and may finish`,
  );
  story.attempt();
  story.wait(5000);
  const entry = resume(story);
  expect(entry).toMatchObject({
    reason: "RESUMED",
    holder: "lane-c",
    hold: null,
    review: null,
    attempt: 1,
  });
  expect(awaitedDispatch(story.last())).toBe(dispatch.sequence);
  expect(entry.deadline).toBe(dispatch.entry.deadline);
  expect(shown(story.result())).toBe("STAGE_PASSED lane-d");
});

test("a result during a hold is kept, and followed when the hold is lifted", () => {
  const story = running();
  story.command("pause");
  story.result();
  expect(story.entry()).toMatchObject({ awaits: null, kept: { report: { type: "result" } } });
  expect(particularsOf(story.entry())).toContain("kept; on hold by bob: because");
  expect(resume(story)).toMatchObject({
    reason: "STAGE_PASSED",
    stage: "gate-evaluation",
    hold: null,
    kept: null,
  });
});

test("a kept result is only believed on evidence, like any other", () => {
  const story = running();
  story.command("pause");
  story.result();
  const entry = resume(story, { found: { "gates/fold-metrics-v1.json": "altered" } });
  expect(entry).toMatchObject({ reason: "EVIDENCE_MISSING", hold: null, kept: null });
});

test("of two results during a hold the first is kept", () => {
  const story = running();
  story.command("pause");
  story.result({ verdict: "fail" });
  expect(shown(story.result())).toBe("ignore stale");
  expect(story.entry().kept?.report.outcome).toMatchObject({ verdict: "fail" });
});

test("a cancelled hold forgets the kept result", () => {
  const story = running();
  story.command("pause");
  story.result();
  story.command("cancel");
  expect(story.entry()).toMatchObject({ holder: "closed", kept: null, hold: null, awaits: null });
  expect(particularsOf(story.entry())).toBe(
    `Cancelled by bob. The result of ${STAGE} that was kept is dropped. Why: because.`,
  );
});

test("resuming twice: the same command once, another one is told that a lane has it", () => {
  const story = running();
  story.command("pause");
  expect(shown(story.command("resume", { id: "resume-1" }))).toBe("RESUMED lane-c");
  expect(shown(story.command("resume", { id: "resume-1" }))).toBe("ignore duplicate");
  expect(shown(story.command("resume", { id: "resume-2" }))).toBe("E_CONFLICT");
  expect(shown(story.command("pause"))).toBe("PAUSED review");
  expect(shown(story.command("resume", { id: "resume-1" }))).toBe("ignore duplicate");
});

test.each(["deadline", "exhausted"] as const)(
  "a hold after %s keeps a late result from moving it",
  (what) => {
    const story = running();
    story[what]();
    story.command("pause");
    story.result();
    expect(story.entry()).toMatchObject({ holder: "review", reason: "PAUSED" });
    expect(resume(story).reason).toBe("STAGE_PASSED");
  },
);

test.each([
  ["before the hold", (story: Story) => [story.deadline(), story.command("pause")]],
  ["during the hold", (story: Story) => [story.command("pause"), story.wait(7200)]],
])(
  "a lane that gave up at its deadline %s isn't waited for: the stage gets a new run",
  (_, tell) => {
    const story = running();
    tell(story);
    expect(resume(story)).toMatchObject({ reason: "RERUN", stage: STAGE, awaits: 0, hold: null });
  },
);

test.each([
  ["before the hold", (story: Story) => [story.exhausted(), story.command("pause")]],
  ["during the hold", (story: Story) => [story.command("pause"), story.exhausted()]],
  [
    "after the deadline",
    (story: Story) => [story.deadline(), story.exhausted(2), story.command("pause")],
  ],
])("a lane that died for good %s isn't waited for again: the stage gets a new run", (_, tell) => {
  const story = running();
  const { runId } = story.entry();
  tell(story);
  expect(story.entry()).toMatchObject({ reason: "PAUSED", holder: "review" });
  const entry = resume(story);
  expect(entry).toMatchObject({ reason: "RERUN", stage: STAGE, awaits: 0, hold: null, attempt: 0 });
  expect(entry.runId).not.toBe(runId);
});

test("what exhausted says again is not written down again", () => {
  const story = running();
  story.command("pause");
  expect(shown(story.exhausted())).toBe("PAUSED review");
  expect(shown(story.exhausted())).toBe("ignore duplicate");
});

test("a candidate that waits for a person can't be paused", () => {
  const story = running();
  story.result({ failure: "spec" });
  expect(shown(story.command("pause"))).toBe("E_CONFLICT");
});

test("a rerun starts a new run with what the stages before it made", () => {
  const story = running();
  const before = story.entry();
  story.result({ verdict: "inconclusive" });
  const entry = resume(story);
  expect(entry).toMatchObject({ iteration: 1, visited: [STAGE], artifacts: before.artifacts });
  expect(entry.trace).not.toBe(before.trace);
});

test("the playbook's limit on runs ends reruns, not the candidate", () => {
  const few = loaded({ ...parse(batonText), limits: { maxIterations: 2 } });
  const story = arrivedAt(few, STAGE);
  story.result({ failure: "transient", attempt: 5 });
  expect(shown(story.command("resume"))).toBe("RERUN lane-c");
  story.result({ failure: "transient", attempt: 5 });
  expect(shown(story.command("resume"))).toBe("E_LIMIT");
  expect(shown(story.command("cancel"))).toBe("CANCELLED closed");
});

test("the latest 20 commands are remembered", () => {
  const story = running();
  const pairs = 10;
  for (let index = 0; index < pairs; index += 1) {
    story.command("pause", { id: `pause-${index}` });
    story.command("resume", { id: `resume-${index}` });
  }
  expect(story.entry().commands).toHaveLength(20);
  const again = ["pause-0", "resume-9"].map((id) => shown(story.command("pause", { id })));
  expect(again).toEqual(["ignore duplicate", "ignore duplicate"]);
});
