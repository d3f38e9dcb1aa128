import { expect, test } from "vitest";

import { documentOf, failurePolicies, policy } from "../testing/documents.ts";
import { parsePlaybook } from "./playbook.ts";

function faultsOf(document: unknown): readonly string[] {
  const result = parsePlaybook(document);
  return result.ok ? [] : result.faults;
}

test.each([
  ["3", 'expected number; found "3"'],
  [0.5, "0.5"],
  [-1, "-1"],
  [21, "21"],
  [null, "null"],
])("retries of %j are refused with path and value", (maxRetries, words) => {
  const transient = { ...policy, maxRetries };
  const [fault, ...more] = faultsOf({
    ...documentOf({ a: [] }),
    failurePolicies: { ...failurePolicies, transient },
  });
  expect(fault).toMatch(/^failurePolicies\.transient\.maxRetries: /);
  expect(fault?.replace(", received string", "")).toContain(words);
  expect(more).toEqual([]);
});

test("a cap below the first delay is refused, both being named", () => {
  const transient = { ...policy, initialBackoffSeconds: 30, maxBackoffSeconds: 10 };
  expect(
    faultsOf({ ...documentOf({ a: [] }), failurePolicies: { ...failurePolicies, transient } }),
  ).toEqual([
    "failurePolicies.transient.maxBackoffSeconds: maxBackoffSeconds is below initialBackoffSeconds: the two contradict each other; found 10",
  ]);
});

test("a key that nobody obeys is refused by name, not dropped", () => {
  const gates = [{ gate_id: "gate6_profitability_evidence", requiredStatus: "pass" }];
  const [fault, ...more] = faultsOf(documentOf({ a: [] }, { a: { stageSloGates: gates } }));
  expect(fault).toMatch(/^stages\.0\.stageSloGates \(stage "a"\): .*isn't obeyed here/);
  expect(more).toEqual([]);
});

test.each([
  [{ riskControlsAuthority: "advisory" }, /riskControlsAuthority: always "final".*"advisory"$/],
  [{ mutableActionMode: "direct" }, /mutableActionMode: always "gitops-first".*"direct"$/],
  [{ emergencyOverrideRequiresTicket: false }, /RequiresTicket: always true.*found false$/],
  [{ killSwitchAuthority: "final" }, /^controls: .*killSwitchAuthority/],
])("controls that would not hold are refused: %j", (controls, message) => {
  const [fault, ...more] = faultsOf(documentOf({ a: [] }, {}, { controls }));
  expect(fault).toMatch(message);
  expect(more).toEqual([]);
});

test.each(["deterministic", "spec", "policy"])("retries of %s failures are refused", (kind) => {
  const faults = faultsOf({
    ...documentOf({ a: [] }),
    failurePolicies: { ...failurePolicies, [kind]: { ...policy, maxRetries: 2 } },
  });
  expect(faults).toEqual([
    `failurePolicies.${kind}.maxRetries: only transient failures are retried: maxRetries must be 0 here; found 2`,
  ]);
});

test("a lane nobody runs is refused, with its stage", () => {
  const [fault] = faultsOf(documentOf({ a: ["b"] }, { b: { lane: "lane-g" } }));
  expect(fault).toMatch(/^stages\.1\.lane \(stage "b"\): .*lane-a.*lane-f.*; found "lane-g"$/);
});

test("every fault of the shape is named at once", () => {
  const document = documentOf(
    { a: ["b"] },
    { a: { lane: "A" }, b: { deadlineSeconds: 0, artefacts: [], gate: "../x" } },
    { version: "v2", extra: 1, limits: { maxLoops: -1 } },
  );
  const faults = faultsOf(document);
  const starts = [
    "version",
    "stages.0.lane",
    "stages.1.deadlineSeconds",
    "stages.1.gate",
    "stages.1",
    "limits.maxLoops",
    "(top)",
  ];
  for (const start of starts)
    expect(
      faults.filter((fault) => fault.startsWith(`${start}:`) || fault.startsWith(`${start} (`)),
    ).not.toEqual([]);
  expect(faults.find((fault) => fault.startsWith("stages.1 ("))).toBeUndefined();
  expect(faults.find((fault) => fault.startsWith("stages.1:"))).toContain("artefacts");
});

test("faults show what they found escaped and cut", () => {
  const [fault] = faultsOf({
    ...documentOf({ a: [] }),
    version: `\u001B]0;\u202E${"x".repeat(500)}`,
  });
  expect(fault).not.toMatch(/[\p{C}]/u);
  expect(fault?.length).toBeLessThan(260);
});

test.each([
  [
    "two starts",
    documentOf(
      { a: ["b"], b: [] },
      { b: { requirePreviousArtifact: false, requirePreviousGatePass: false } },
    ),
    ["found: a, b"],
  ],
  ["no start", documentOf({ a: [] }, { a: { requirePreviousArtifact: true } }), ["found: none"]],
  [
    "a stage defined twice",
    {
      ...documentOf({ a: [] }),
      stages: [...documentOf({ a: [] }).stages, ...documentOf({ a: [] }).stages],
    },
    ['"a" is defined twice', "found: a, a"],
  ],
  [
    "an orphan",
    documentOf({ a: ["b"], b: [] }, { lost: {} }),
    ["stages.lost: can't be reached from a"],
  ],
  ["an edge to nowhere", documentOf({ a: ["b", "x"], b: [] }), ['transitions.a: leads to "x"']],
  [
    "edges from nowhere",
    { ...documentOf({ a: [] }), transitions: { x: ["a"] } },
    ["transitions.x: no stage"],
  ],
  [
    "a circle",
    documentOf({ a: ["b"], b: ["c"], c: ["b"] }, { c: { pass: "b" }, b: { pass: "c" } }),
    ["a -> b -> c -> b"],
  ],
  [
    "a stage that passes to itself",
    documentOf({ a: ["b"], b: ["b"] }, { b: { pass: "b" } }),
    ["a -> b -> b"],
  ],
  [
    "a circle off the way from the start",
    documentOf(
      { a: ["b", "x"], b: [], x: ["y"], y: ["x"] },
      { a: { pass: "b" }, x: { pass: "y" }, y: { pass: "x" } },
    ),
    ["x -> y -> x"],
  ],
  [
    "a pass back to the start",
    documentOf({ a: ["b"], b: ["a"] }, { b: { pass: "a" } }),
    ["a -> b -> a"],
  ],
  [
    "a pass that isn't a transition",
    documentOf({ a: ["b"], b: [] }, { b: { pass: "a" } }),
    ['stages.b.pass: "a" isn\'t among', "a -> b -> a"],
  ],
  [
    "a fail that isn't a transition",
    documentOf({ a: ["b"], b: [] }, { b: { fail: "a" } }),
    ['stages.b.fail: "a"'],
  ],
  [
    "an incident that isn't a transition",
    documentOf({ a: ["b"], b: [] }, { b: { incident: "a" } }),
    ['stages.b.incident: "a"'],
  ],
  [
    "a fail to a stage that asks for a passed gate",
    documentOf({ a: ["b", "c"], b: [], c: [] }, { a: { fail: "c" } }),
    ['stages.a.fail: leads to "c", whose requirePreviousGatePass'],
  ],
  [
    "approvals for the start",
    documentOf({ a: [] }, { a: { approvals: { required: 1 } } }),
    ["stages.a.approvals: the start"],
  ],
])("%s is refused by name", (_, document, expected) => {
  const faults = faultsOf(document);
  expect(faults).toHaveLength(expected.length);
  for (const words of expected) expect(faults.join("\n")).toContain(words);
});

test("every fault of the graph is named at once", () => {
  const document = documentOf(
    { a: ["b", "nowhere"], b: ["c"], c: ["b"] },
    { b: { pass: "c" }, c: { pass: "b", fail: "a" }, lost: {} },
  );
  expect(faultsOf(document)).toEqual([
    'transitions.a: leads to "nowhere", no stage of that name',
    'stages.c.fail: "a" isn\'t among its transitions',
    "stages: pass edges go in a circle: a -> b -> c -> b",
    "stages.lost: can't be reached from a",
  ]);
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "version"],
  ["a list", []],
  ["an empty object", {}],
  ["no stages", { ...documentOf({ a: [] }), stages: [] }],
  [
    "a stage named like a prototype",
    JSON.parse('{"stages":[{"stage":"__proto__","lane":"lane-a"}]}'),
  ],
  ["numbers that JSON can't hold", documentOf({ a: [] }, { a: { deadlineSeconds: Number.NaN } })],
])("%s is no playbook, and says so", (_, document) => {
  expect(faultsOf(document)).not.toEqual([]);
});

test("a document that holds itself is no playbook", () => {
  const ring: unknown[] = [];
  ring.push(ring);
  expect(faultsOf(documentOf({ a: [] }, { a: { artifacts: ring } }))).not.toEqual([]);
});
