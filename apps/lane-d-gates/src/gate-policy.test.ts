import { readFile } from "node:fs/promises";

import { expect, test } from "vitest";

import {
  DEFAULT_POLICY_PATH,
  GatePolicyError,
  loadGatePolicy,
  parseGatePolicy,
} from "./gate-policy.ts";

const text = await readFile(DEFAULT_POLICY_PATH, "utf8");
const parse = (of: string) => parseGatePolicy(new TextEncoder().encode(of), "policy.yaml");

test("The policy that comes with the lane is valid and known by its digest.", async () => {
  const { policy, sha256 } = await loadGatePolicy();
  expect(policy.schema).toBe("baton.gate-policy.v1");
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(parse(`${text}\n# a remark\n`).sha256).not.toBe(sha256);
});

test.each([
  ["an unknown key", text.replace("minFolds", "minimumFolds"), /minimumFolds/],
  ["a missing gate", text.replace(/gate2_risk_capacity:[^]*?\n\n/, ""), /gate2_risk_capacity/],
  ["a number as text", text.replace("minFolds: 5", 'minFolds: "5"'), /minFolds/],
  ["a share over 1", text.replace("maxDrawdown: 0.4", "maxDrawdown: 40"), /maxDrawdown/],
  ["a boolean as a word", text.replace("liveEnabled: true", "liveEnabled: yes"), /liveEnabled/],
  [
    "a key twice",
    `${text}schema: baton.gate-policy.v1\n`,
    /the key "schema" stands here a second time/,
  ],
  ["broken YAML", `${text}\n  : [`, /policy\.yaml/],
  [
    "aliases",
    `${text}other: &a [1]\nmore: *a\n`,
    `policy.yaml: line ${text.split("\n").length}, column 8: an anchor`,
  ],
  ["nothing", "", /policy\.yaml/],
])("A policy with %s is refused as a whole.", (_, broken, message) => {
  expect(() => parse(broken)).toThrow(GatePolicyError);
  expect(() => parse(broken)).toThrow(message);
});

test("A policy that is too large is refused before it is read.", () => {
  expect(() => parse("#".repeat(70_000))).toThrow(/at most 65536/);
});

test("A file that isn't there is named.", async () => {
  await expect(loadGatePolicy("/nowhere/policy.yaml")).rejects.toMatchObject({
    code: "E_GATE_POLICY",
    exitCode: 3,
    message: expect.stringContaining("/nowhere/policy.yaml"),
    action: expect.stringContaining("BATON_GATE_POLICY"),
  });
});
