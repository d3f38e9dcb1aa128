import { Entry, MAX_ARTIFACTS } from "@baton/contracts";
import { adviceOn, inTerminal, particularsOf } from "@baton/views";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import { stageRule } from "../format/playbook.ts";
import { documentOf } from "../testing/documents.ts";
import { violationsIn } from "../testing/invariants.ts";
import { artifactOf, artifactsFor, type Evidence } from "../testing/reports.ts";
import { arrivedAt, begun, loaded, shown } from "../testing/story.ts";

const playbook = loaded(parse(batonText));
const GATE = "gate-evaluation";
const REPORT = "gates/gate-evaluation.json";

test.each<[string, Evidence, string]>([
  ["nothing was verified", { nothing: true }, `artifact ${REPORT} is missing in the store`],
  [
    "an artifact is missing",
    { found: { "gates/gate-evaluation.md": "missing" } },
    "gates/gate-evaluation.md is missing",
  ],
  ["an artifact is altered", { found: { [REPORT]: "altered" } }, `${REPORT} is altered`],
  [
    "the gate report can't be read",
    { gate: null },
    `gate report ${REPORT} is missing or of another run`,
  ],
  [
    "another gate report was read",
    { gateSha: "0".repeat(64) },
    `gate report ${REPORT} isn't the one that was read`,
  ],
  [
    "an artifact contradicts the dispatch",
    { contradictions: { [REPORT]: 'promotionTarget is "live"' } },
    `artifact ${REPORT} contradicts the dispatch: promotionTarget is "live"`,
  ],
])("a claimed pass stays where it is if %s", (_, evidence, words) => {
  const story = arrivedAt(playbook, GATE);
  expect(shown(story.result({}, evidence))).toBe("EVIDENCE_MISSING review");
  expect(particularsOf(story.entry())).toContain(words);
  expect(story.entry()).toMatchObject({ stage: GATE, guard: null, awaits: null });
});

test("D2: the verdict is the gate report's, whatever the lane says", () => {
  const story = arrivedAt(playbook, GATE);
  story.result({ verdict: "pass" }, { gate: "fail", reasons: ["gate1: pnl CV 3.1 above 2.0"] });
  expect(story.entry()).toMatchObject({
    reason: "LOOPED_BACK",
    about: { kind: "gate", stage: GATE, verdict: "fail", loops: 0 },
    evidence: { gate: { reasons: ["gate1: pnl CV 3.1 above 2.0"] } },
  });
  expect(particularsOf(story.entry())).toBe("gate-evaluation failed: gate1: pnl CV 3.1 above 2.0");
  const other = arrivedAt(playbook, GATE);
  other.result({ verdict: "fail" }, { gate: "pass" });
  expect(other.entry()).toMatchObject({ reason: "STAGE_PASSED", stage: "promotion-prerequisites" });
});

test("a pass must name every artifact that the playbook asks for; a failed gate needn't", () => {
  const story = arrivedAt(playbook, "shadow-paper");
  const rule = stageRule(playbook, "shadow-paper");
  const fewer = artifactsFor(story.dispatched(), rule).filter(({ name }) => name === rule.gate);
  const failed = arrivedAt(playbook, "shadow-paper");
  story.result({ artifacts: fewer });
  expect(particularsOf(story.entry())).toContain(
    "paper-candidate/strategy-configmap-patch.yaml that the playbook asks for",
  );
  expect(shown(failed.result({ artifacts: fewer, verdict: "fail" }))).toBe("INCIDENT lane-f");
});

test("a result names its own artifacts, each once", () => {
  const stage = "candidate-build";
  const rule = stageRule(playbook, stage);
  const details = (["runId", "stage"] as const).map((key) => {
    const story = arrivedAt(playbook, stage);
    const artifacts = artifactsFor(story.dispatched(), rule).map((one) => ({
      ...one,
      [key]: "another",
    }));
    story.result({ artifacts });
    return particularsOf(story.entry());
  });
  expect(details.map((detail) => detail.split(": ")[1])).toEqual([
    expect.stringMatching(/^artifact build\/plugin\.json was made by candidate-build of another$/),
    expect.stringMatching(/^artifact build\/plugin\.json was made by another of run-[0-9a-f]{12}$/),
  ]);
  const story = arrivedAt(playbook, stage);
  const artifacts = artifactsFor(story.dispatched(), rule);
  story.result({ artifacts: [...artifacts, ...artifacts.slice(0, 1)] });
  expect(story.entry()).toMatchObject({
    reason: "EVIDENCE_MISSING",
    artifacts: [{ stage: "research-intake" }],
  });
  expect(particularsOf(story.entry())).toContain("names the artifact build/plugin.json twice");
});

test("a stage can't replace what another stage made", () => {
  const story = arrivedAt(playbook, "live-ramp");
  const artifacts = [
    ...artifactsFor(story.dispatched(), stageRule(playbook, "live-ramp")),
    artifactOf(story.dispatched(), REPORT),
  ];
  expect(shown(story.result({ artifacts }))).toBe("EVIDENCE_MISSING review");
  expect(particularsOf(story.entry())).toContain(
    `artifact ${REPORT} would replace the one that ${GATE} made`,
  );
});

test("artifacts may be called like properties that every object has", () => {
  const sly = loaded(
    documentOf(
      { constructor: ["b"], b: [] },
      { constructor: { artifacts: ["constructor", "toString"], gate: "valueOf" } },
    ),
  );
  const names = begun(sly);
  expect(shown(names.result())).toBe("STAGE_PASSED lane-a");
  const nothing = begun(sly);
  nothing.result({}, { nothing: true });
  expect(particularsOf(nothing.entry())).toContain("artifact constructor is missing in the store");
  nothing.command("resume");
  nothing.result({ failure: "policy" });
  expect(nothing.entry().failures).toEqual({ constructor: 1 });
});

test("J2: without an artifact a stage that asks for one isn't entered", () => {
  const bare = loaded(documentOf({ a: ["b"], b: [] }));
  const story = begun(bare);
  expect(shown(story.result({ artifacts: [] }))).toBe("TRANSITION_DENIED review");
  expect(particularsOf(story.entry())).toContain(
    "guard refused a -> b: missing_previous_artifact. a passed",
  );
  expect(shown(story.command("resume"))).toBe("RERUN lane-a");
  expect(shown(story.result())).toBe("STAGE_PASSED lane-a");
  expect(story.entry().guard).toEqual({ from: "a", to: "b", rule: "transition_allowed" });
});

test("a failed gate sends the candidate back once with its reasons, then asks a person", () => {
  const story = arrivedAt(playbook, GATE);
  const first = story.entry();
  story.result({ verdict: "fail" }, { reasons: ["gate1: too few trades", "gate2: drawdown"] });
  const back = story.entry();
  expect(back).toMatchObject({
    reason: "LOOPED_BACK",
    stage: "research-intake",
    holder: "lane-a",
    loops: 1,
    iteration: 1,
    artifacts: [],
    visited: ["research-intake"],
    guard: { from: GATE, to: "research-intake" },
    feedback: [
      { runId: first.runId, stage: GATE, reasons: ["gate1: too few trades", "gate2: drawdown"] },
    ],
  });
  expect(back.runId).not.toBe(first.runId);
  while (story.entry().stage !== GATE) story.result();
  story.result({ verdict: "fail" });
  expect(story.entry()).toMatchObject({ reason: "GATE_FAILED", holder: "review", stage: GATE });
  expect(particularsOf(story.entry())).toContain("failed again after 1 loop back");
});

test("a gate that gives no reasons passes on its summary", () => {
  const story = arrivedAt(playbook, GATE);
  story.result({ verdict: "fail", summary: `${"x".repeat(298)}🙂🙂` });
  expect(story.entry().feedback[0]?.reasons).toEqual([`${"x".repeat(298)}…`]);
});

test("a failed gate after promotion began leads to recovery and from there to the evidence", () => {
  const story = arrivedAt(playbook, "continuous-monitoring");
  const { runId } = story.entry();
  story.result({ verdict: "fail" });
  expect(story.entry()).toMatchObject({
    reason: "INCIDENT",
    stage: "incident-recovery",
    holder: "lane-f",
    runId,
    guard: { from: "continuous-monitoring", to: "incident-recovery" },
  });
  expect(shown(story.result())).toBe("STAGE_PASSED lane-f");
  expect(shown(story.result())).toBe("RECOVERED closed");
});

test("a recovery that fails is a person's", () => {
  const story = arrivedAt(playbook, "continuous-monitoring");
  story.result({ verdict: "fail" });
  expect(shown(story.result({ verdict: "fail" }))).toBe("GATE_FAILED review");
});

test("stages that lead to each other for ever stop at the limit on runs", () => {
  const round = loaded(
    documentOf(
      { a: ["b"], b: ["c"], c: ["b"] },
      { b: { fail: "c", pass: null }, c: { requirePreviousGatePass: false, pass: "b" } },
      { limits: { maxIterations: 3 } },
    ),
  );
  const story = begun(round);
  story.result();
  for (let rounds = 0; rounds < 10 && story.entry().holder !== "review"; rounds += 1) {
    story.result(story.entry().stage === "b" ? { verdict: "fail" } : {});
  }
  expect(story.entry()).toMatchObject({ reason: "TRANSITION_DENIED", iteration: 2 });
  expect(particularsOf(story.entry())).toContain("guard refused c -> b: iteration_limit_reached:3");
});

test("a run that would gather too many artifacts is stopped with a failure that says so", () => {
  const bare = loaded(documentOf({ a: ["b"], b: [] }));
  const story = begun(bare);
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      artifactOf(story.dispatched(), `${story.entry().stage}/${index}`),
    );
  story.result({ artifacts: many(MAX_ARTIFACTS) });
  expect(story.entry()).toMatchObject({ reason: "STAGE_PASSED", stage: "b" });
  story.result({ artifacts: many(1) });
  expect(story.entry()).toMatchObject({
    reason: "DETERMINISTIC_FAILURE",
    about: { kind: "too-many-artifacts", stage: "b", own: 1, all: MAX_ARTIFACTS + 1 },
    failure: null,
  });
  expect(Entry.safeParse(story.entry()).success).toBe(true);
  expect(violationsIn(story)).toEqual([]);
});

test("texts of any length fit into the entries they lead to", () => {
  const long = "🙂".repeat(500);
  const story = arrivedAt(playbook, GATE);
  story.command("pause", { why: long, by: "b".repeat(120) });
  story.attempt({ class: "spec" });
  story.command("resume", { why: long });
  story.command("resume", { why: long });
  const failure = {
    class: "policy",
    code: `E_${"X".repeat(60)}`,
    message: long,
    action: long,
  } as const;
  story.result({ failure });
  story.command("resume");
  story.result(
    { summary: long, verdict: "fail" },
    { reasons: Array.from({ length: 50 }, () => "r".repeat(300)) },
  );
  expect(story.entry().reason).toBe("LOOPED_BACK");
  for (const { entry } of story.journal) {
    expect(Entry.safeParse(entry).error).toBeUndefined();
    expect(particularsOf(entry)).not.toMatch(/[\uD800-\uDBFF]…$/);
  }
});

test("feedback of the last 20 loops is kept", () => {
  const loops = loaded({ ...parse(batonText), limits: { maxLoops: 20, maxIterations: 100 } });
  const story = arrivedAt(loops, GATE);
  for (let round = 0; round < 20; round += 1) {
    story.result({ verdict: "fail", summary: `round ${round}` });
    while (story.entry().stage !== GATE) story.result();
  }
  expect(story.entry().feedback).toHaveLength(20);
  expect(shown(story.result({ verdict: "fail" }))).toBe("GATE_FAILED review");
});

test("what contradicts the dispatch sends a person to the lane's key, not to the store", () => {
  const story = arrivedAt(playbook, GATE);
  story.result({}, { contradictions: { [REPORT]: 'promotionTarget is "live"' } });
  expect(inTerminal(adviceOn(story.entry()))).toMatch(/key of lane-d/);
});

test("J9: no stage takes the name of what the playbook asks of another one, before or after it", () => {
  const names = new Set(
    [...playbook.stages.values()].flatMap(({ stage, gate, artifacts }) =>
      stage === "research-intake" ? [] : [...artifacts, ...(gate === null ? [] : [gate])],
    ),
  );
  expect(names.size).toBeGreaterThan(15);
  for (const name of names) {
    const story = begun(playbook);
    const of = story.dispatched();
    const rule = stageRule(playbook, "research-intake");
    story.result({ artifacts: [...artifactsFor(of, rule), artifactOf(of, name)] });
    expect(shown({ kind: "append", entry: story.entry() })).toBe("EVIDENCE_MISSING review");
    expect(particularsOf(story.entry())).toContain(
      `artifact ${name} is one that the playbook asks of`,
    );
  }
});
