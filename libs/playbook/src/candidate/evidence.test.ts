import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { stageRule } from "../format/playbook.ts";
import { artifactsFor, attemptFor, type Result, resultFor } from "../testing/reports.ts";
import { arrivedAt, commandOf, loaded, stampOf, type Story } from "../testing/story.ts";
import type { Happening } from "./decision.ts";
import { evidenceNeeded, evidenceRecord } from "./evidence.ts";

const playbook = loaded(parse(batonText));
const GATE = "gate-evaluation";

function reported(story: Story, result: Result = {}): Happening {
  const dispatch = story.dispatched();
  const report = resultFor(dispatch, stageRule(playbook, dispatch.entry.stage), result);
  return { kind: "report", report, sequence: 900, storedAt: stampOf(story.now) };
}

const needed = (story: Story, happening: Happening) =>
  evidenceNeeded(story.journal.at(-1), happening, playbook);

test("of the awaited result every artifact is looked for, and its gate report is read", () => {
  const story = arrivedAt(playbook, GATE);
  const happening = reported(story);
  const artifacts = artifactsFor(story.dispatched(), stageRule(playbook, GATE));
  expect(needed(story, happening)).toMatchObject({ artifacts, gate: artifacts[0] });
  expect(artifacts[0]?.name).toBe("gates/gate-evaluation.json");
});

test("a stage without a gate has no report to read, nor has a result that doesn't name it", () => {
  expect(
    needed(arrivedAt(playbook, "candidate-build"), reported(arrivedAt(playbook, "candidate-build")))
      ?.gate,
  ).toBeNull();
  const story = arrivedAt(playbook, GATE);
  const [, markdown] = artifactsFor(story.dispatched(), stageRule(playbook, GATE));
  expect(
    needed(story, reported(story, { artifacts: markdown ? [markdown] : [] }))?.gate,
  ).toBeNull();
});

test("nothing is looked for where nothing will be decided", () => {
  const story = arrivedAt(playbook, GATE);
  const rule = stageRule(playbook, GATE);
  const attempt = { ...reported(story), report: attemptFor(story.dispatched(), rule) };
  expect(evidenceNeeded(undefined, reported(story), playbook)).toBeNull();
  const nothing: readonly Happening[] = [
    reported(story, { failure: "spec" }),
    reported(story, { artifacts: [] }),
    reported(story, { answers: 1 }),
    { ...attempt, kind: "report", sequence: 900, storedAt: stampOf(story.now) },
    { kind: "deadline" },
    {
      kind: "command",
      command: commandOf("resume", { id: "resume-1" }, story.now),
      sampled: false,
    },
  ];
  expect(nothing.map((happening) => needed(story, happening))).toEqual(nothing.map(() => null));
});

test("during a hold nothing is looked for until the hold is lifted", () => {
  const story = arrivedAt(playbook, GATE);
  const happening = reported(story);
  story.command("pause");
  expect(needed(story, happening)).toBeNull();
  story.ask(happening);
  const at = (type: "resume" | "cancel") =>
    needed(story, {
      kind: "command",
      command: commandOf(type, { id: "command-x" }, story.now),
      sampled: false,
    });
  expect(at("cancel")).toBeNull();
  expect(at("resume")?.report).toEqual(story.entry().kept?.report);
});

/** The request for the evidence of a gate that passed, and the text of its report with changes. */
function gateOf(changes: Record<string, unknown> = {}) {
  const story = arrivedAt(playbook, GATE);
  const request = needed(story, reported(story));
  if (!request) throw new Error("no evidence is needed");
  const { candidateId, runId, stage } = story.entry();
  const text = JSON.stringify({
    schemaVersion: "baton.gate-report.v1",
    candidateId,
    runId,
    stage,
    policyVersion: "test",
    verdict: "pass",
    gates: [{ gateId: "gate0", status: "pass", reasons: [] }],
    ...changes,
  });
  return { request, text };
}

const gateIn = ({ request, text }: ReturnType<typeof gateOf>) =>
  evidenceRecord(request, {
    states: { [`${GATE}.json`]: "present" },
    contradictions: {},
    gateText: text,
  }).gate;

test("the verdict is read from the gate report and bound to its digest", () => {
  const asked = gateOf();
  const sha256 = asked.request.gate?.sha256;
  expect(gateIn(asked)).toEqual({ sha256, verdict: "pass", reasons: [] });
  const failed = [
    { gateId: "gate0", status: "pass", reasons: ["not told"] },
    { gateId: "gate1", status: "fail", reasons: ["too few trades", "x".repeat(300)] },
  ];
  expect(gateIn(gateOf({ verdict: "fail", gates: failed }))).toEqual({
    sha256,
    verdict: "fail",
    reasons: ["gate1: too few trades", expect.stringMatching(/^gate1: x+…$/)],
  });
});

test.each([
  ["of another run", { runId: "run-of-another" }],
  ["of another stage", { stage: "live-ramp" }],
  ["of another candidate", { candidateId: "cand-another" }],
  [
    "that says pass although a gate failed",
    { gates: [{ gateId: "g", status: "fail", reasons: [] }] },
  ],
  ["without gates", { gates: [] }],
  ["of another format", { schemaVersion: "another" }],
])("a gate report %s gives no verdict", (_, changes) => {
  expect(gateIn(gateOf(changes))).toBeNull();
});

test("a gate report that isn't JSON, or wasn't found, gives no verdict", () => {
  const { request } = gateOf();
  expect(gateIn({ request, text: "{" })).toBeNull();
  expect(evidenceRecord(request, { states: {}, contradictions: {}, gateText: undefined })).toEqual({
    artifacts: {},
    gate: null,
  });
});
