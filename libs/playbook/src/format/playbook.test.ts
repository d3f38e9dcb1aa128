import { DEFAULT_WALK_FORWARD_LIMITS, LANES } from "@baton/contracts";
import { expect, test } from "vitest";
import { parse } from "yaml";

import batonText from "../../../../playbooks/baton.yaml?raw";
import benchText from "../../../../playbooks/bench.yaml?raw";
import { documentOf } from "../testing/documents.ts";
import policyText from "../testing/public-policy.yaml?raw";
import { loaded } from "../testing/story.ts";
import { parsePlaybook } from "./playbook.ts";

function passes(document: unknown): Record<string, string | null> {
  const { stages } = loaded(document);
  return Object.fromEntries([...stages.values()].map(({ stage, pass }) => [stage, pass]));
}

const CHAIN = [
  "research-intake",
  "candidate-build",
  "backtest-robustness",
  "gate-evaluation",
  "promotion-prerequisites",
  "rollback-readiness",
  "policy-dry-run",
  "shadow-paper",
  "live-ramp",
  "continuous-monitoring",
];

function passesOf(text: string): string[] {
  const { stages, start } = loaded(parse(text));
  const way = [start];
  for (let at = stages.get(start)?.pass; at; at = stages.get(at)?.pass) way.push(at);
  return way;
}

test("the public policy file loads as it is", () => {
  const { stages, limits, start } = loaded(parse(policyText));
  expect([start, stages.size]).toEqual(["research-intake", 12]);
  expect(passesOf(policyText)).toEqual(CHAIN);
  expect(stages.get("gate-evaluation")).toMatchObject({ fail: "research-intake", incident: null });
  expect(stages.get("shadow-paper")).toMatchObject({
    lane: "lane-e",
    mutable: true,
    fail: "incident-recovery",
    incident: "incident-recovery",
    gate: null,
    artifacts: [],
    deadlineSeconds: 7200,
  });
  expect(stages.get("incident-recovery")).toMatchObject({
    pass: "audit-evidence",
    fail: null,
    needsGate: false,
  });
  // The format knows no approvals, and lane E moves no real money without one.
  expect(stages.get("live-ramp")?.approvals).toMatchObject({
    required: 2,
    notAuthor: true,
    when: { path: "promotion.target", in: ["live"] },
  });
  expect(stages.get("shadow-paper")?.approvals).toBeNull();
  expect(limits).toEqual({
    maxLoops: 1,
    maxIterations: 20,
    maxSameFailures: 3,
    reviewSeconds: 86_400,
  });
});

test("Baton's own playbook goes from monitoring to the evidence and names every verdict's artifact", () => {
  expect(passesOf(batonText)).toEqual([...CHAIN, "audit-evidence"]);
  const { stages } = loaded(parse(batonText));
  const open = loaded(parse(policyText)).stages;
  for (const {
    stage,
    lane,
    mutable,
    needsArtifact,
    needsGate,
    gate,
    artifacts,
    to,
  } of stages.values()) {
    expect(open.get(stage)).toMatchObject({ lane, mutable, needsArtifact, needsGate });
    const extra = stage === "continuous-monitoring" ? ["audit-evidence"] : [];
    expect(to.toSorted()).toEqual([...(open.get(stage)?.to ?? []), ...extra].toSorted());
    expect(artifacts).toEqual(expect.arrayContaining(gate === null ? [] : [gate]));
    expect(artifacts).not.toEqual([]);
  }
  expect(stages.get("live-ramp")?.approvals).toEqual({
    required: 2,
    distinct: true,
    expiresSeconds: 86_400,
    notAuthor: true,
    when: { path: "promotion.target", in: ["live"] },
  });
});

test("the benchmark's playbook goes over all six lanes and asks for no evidence", () => {
  const { stages } = loaded(parse(benchText));
  expect(passesOf(benchText)).toHaveLength(8);
  expect(new Set([...stages.values()].map(({ lane }) => lane))).toEqual(new Set(LANES));
  for (const { gate, artifacts, needsArtifact, approvals } of stages.values())
    expect([gate, artifacts, needsArtifact, approvals]).toEqual([null, [], false, null]);
});

test("a playbook is known by its content, however its keys are ordered, and its source gives it back", () => {
  const playbook = loaded(parse(batonText));
  const again = loaded(JSON.parse(playbook.source));
  expect(again).toEqual(playbook);
  const { version, stages, ...rest } = parse(batonText);
  expect(loaded({ ...rest, stages, version }).digest).toBe(playbook.digest);
  expect(loaded({ ...parse(batonText), description: "another" }).digest).not.toBe(playbook.digest);
});

test("what is asked of a walk-forward is filled in, and nothing below what a label looks ahead is taken", () => {
  const { limits, ...rest } = parse(batonText);
  const asked = (walkForward: object) => ({ ...rest, limits: { ...limits, walkForward } });
  expect(loaded(asked({ minFolds: 3 })).limits.walkForward).toEqual({
    ...DEFAULT_WALK_FORWARD_LIMITS,
    minFolds: 3,
  });
  const refused = parsePlaybook(asked({ minPurgeRows: 4, minTestRows: 1, folds: 3 }));
  expect(refused.ok ? [] : refused.faults).toEqual([
    expect.stringMatching(/^limits.walkForward.minPurgeRows: .*5.*found 4/),
    expect.stringMatching(/^limits.walkForward.minTestRows: .*20/),
    expect.stringMatching(/^limits.walkForward: .*folds/),
  ]);
});

test("stages whose names every object has as a property are stages like others", () => {
  const { stages, start } = loaded(
    documentOf({ constructor: ["valueof"], valueof: ["end"] }, { end: {} }),
  );
  expect([start, stages.get("constructor")?.pass, stages.get("end")?.to]).toEqual([
    "constructor",
    "valueof",
    [],
  ]);
});

test("unless stated, a pass doesn't lead back to where it came from", () => {
  const document = documentOf({ a: ["b"], b: ["c"], c: ["b", "d"], d: [] });
  expect(passes(document)).toEqual({ a: "b", b: "c", c: "d", d: null });
});
