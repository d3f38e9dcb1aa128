import { expect, test } from "vitest";

import { documentOf, failurePolicies, policy } from "../testing/documents.ts";
import { parsePlaybook, stageRule } from "./playbook.ts";

const codex = { command: { agent: "codex" } };

function parsed(more: object, document: object = {}) {
  return parsePlaybook(documentOf({ a: ["b"], b: [] }, { b: more }, document));
}

function faultsOf(more: object, document: object = {}): readonly string[] {
  const result = parsed(more, document);
  return result.ok ? [] : result.faults;
}

test("an executor and its budget are resolved into what a dispatch carries", () => {
  const budget = { tokens: 1000, money: 2.5, seconds: 600 };
  const transient = { ...policy, maxRetries: 4, autopauseAfterFailures: 9 };
  const result = parsed(
    { lane: "lane-b", executor: codex, budget },
    { limits: { budget: { money: 10 } }, failurePolicies: { ...failurePolicies, transient } },
  );
  expect(result.ok).toBe(true);
  if (!result.ok) return;
  const rule = stageRule(result.playbook, "b");
  expect(rule.executor).toEqual({ kind: "command", agent: "codex", network: "model" });
  expect(rule.budget).toEqual({ tokens: 1000, micros: 2_500_000, seconds: 600 });
  expect(rule.policies.transient.maxRetries).toBe(1);
  expect(result.playbook.limits.budget).toEqual({ micros: 10_000_000 });
});

test("builtin is what it is where nothing is said", () => {
  expect(faultsOf({ executor: "builtin" })).toEqual([]);
});

test.each<[string, object, RegExp]>([
  [
    "of no kind",
    { lane: "lane-b", executor: "codex" },
    /^stages\.1\.executor \(stage "b"\): an executor is builtin, or/,
  ],
  ["unknown", { lane: "lane-b", executor: { container: {} } }, /there is no executor container/],
  ["not yet there", { lane: "lane-b", executor: { agentrun: {} } }, /agentrun isn't supported yet/],
  [
    "of an unknown agent",
    { lane: "lane-b", executor: { command: { agent: "bob" } } },
    /^stages\.1\.executor\.command\.agent .*found "bob"/,
  ],
  [
    "plain without a program",
    { lane: "lane-b", executor: { command: { agent: "plain" } } },
    /plain needs the program/,
  ],
  [
    "codex with a program",
    { lane: "lane-b", executor: { command: { agent: "codex", program: ["x"] } } },
    /take it out/,
  ],
  [
    "with a key that nobody reads",
    { lane: "lane-b", executor: { command: { agent: "codex", turns: 3 } } },
    /turns/,
  ],
  [
    "on a stage with a gate",
    { lane: "lane-b", gate: "gates/b.json", executor: codex },
    /a stage with a gate judges/,
  ],
  ["of lane E", { lane: "lane-e", executor: codex }, /lane-e acts on what runs/],
  ["of lane F", { lane: "lane-f", executor: codex }, /lane-f keeps the evidence/],
  ["of a lane without work for it", { lane: "lane-a", executor: codex }, /no work for an executor/],
  [
    "with a budget that nobody counts",
    {
      lane: "lane-b",
      executor: { command: { agent: "codex", network: "open" } },
      budget: { tokens: 5 },
    },
    /^stages\.1\.budget .*nobody counts/,
  ],
  [
    "builtin with a budget",
    { lane: "lane-b", budget: { tokens: 5 } },
    /^stages\.1\.budget .*spends nothing/,
  ],
])("an executor %s is refused by path", (_what, more, words) => {
  const [fault, ...others] = faultsOf(more);
  expect(fault).toMatch(words);
  expect(others).toEqual([]);
});

const surfaces = (of: object): readonly string[] => faultsOf({}, { surfaces: of });

test.each<[object, RegExp]>([
  [{ "lane-b": ["strategies/*"] }, /without \{candidateId\} it would belong to every candidate/],
  [{ "lane-b": ["../{candidateId}"] }, /without \. and \.\./],
  [{ "lane-b": ["a/**/{candidateId}"] }, /there is no \*\*/],
  [{ "lane-b": ["a/{candidateId}/x?"] }, /a path of A-Z/],
  [
    { "lane-b": ["strategies/{candidateId}/*"], "lane-e": ["strategies/{candidateId}/live.yaml"] },
    /^surfaces\.lane-e\.0: .*can be one path/,
  ],
  [{ "lane-b": ["a/x-{candidateId}"], "lane-e": ["a/{candidateId}-y"] }, /can be one path/],
])("surfaces that can't hold are refused: %j", (of, words) => {
  const [fault, ...others] = surfaces(of);
  expect(fault).toMatch(words);
  expect(others).toEqual([]);
});

test("surfaces that can't meet are fine", () => {
  expect(
    surfaces({
      "lane-b": ["strategies/{candidateId}/*", "tests/{candidateId}.ts"],
      "lane-e": ["strategies/{candidateId}", "live/{candidateId}.yaml", "tests/{candidateId}.yaml"],
    }),
  ).toEqual([]);
});
