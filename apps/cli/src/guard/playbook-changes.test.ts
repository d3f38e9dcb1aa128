import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parsePlaybook } from "@baton/playbook";
import { expect, test } from "vitest";
import { parse } from "yaml";

import { changesBetween } from "./playbook-changes.ts";

const root = join(import.meta.dirname, "../../../..");
const text = readFileSync(join(root, "playbooks/baton.yaml"), "utf8");

/** Baton's playbook after replacements in its text, each of which must apply. */
function playbookWith(...replacements: readonly (readonly [from: string, to: string])[]) {
  let changed = text;
  for (const [from, to] of replacements) {
    expect(changed).toContain(from);
    changed = changed.replace(from, to);
  }
  const result = parsePlaybook(parse(changed));
  if (!result.ok) throw new Error(result.faults.join("\n"));
  return result.playbook;
}

const own = playbookWith();
const changes = (...replacements: readonly (readonly [string, string])[]) =>
  changesBetween(own, playbookWith(...replacements));

test("a playbook doesn't differ from itself, nor by comments and order of keys", () => {
  expect(changes()).toEqual([]);
  expect(changes(["version: baton", "# a comment\nversion: baton"])).toEqual([]);
});

test("figures, lists and who may answer are named by their path", () => {
  expect(changes(["deadlineSeconds: 1800", "deadlineSeconds: 900"])).toEqual([
    { path: "stages.policy-dry-run.deadlineSeconds", old: 1800, new: 900 },
  ]);
  expect(changes(["maxLoops: 1", "maxLoops: 0"])).toEqual([
    { path: "limits.maxLoops", old: 1, new: 0 },
  ]);
  expect(changes(["      - build/test-report.json\n", ""])).toEqual([
    expect.objectContaining({ path: "stages.candidate-build.artifacts" }),
  ]);
  expect(changes(["\nlimits:\n", "\nanswers:\n  approve: [risk]\nlimits:\n"])).toEqual([
    { path: "answers.approve", old: null, new: ["risk"] },
  ]);
});

test("an edge that is gone is named with what is left", () => {
  expect(
    changes([
      "  incident-recovery: [research-intake, audit-evidence]",
      "  incident-recovery: [audit-evidence]",
    ]),
  ).toEqual([
    {
      path: "stages.incident-recovery.to",
      old: ["research-intake", "audit-evidence"],
      new: ["audit-evidence"],
    },
  ]);
});

test("a class's figures show at every stage they hold for, since each may have its own", () => {
  const found = changes(["maxRetries: 4", "maxRetries: 2"]);
  expect(found).toHaveLength(own.stages.size);
  expect(found[0]).toEqual({
    path: "stages.research-intake.policies.transient.maxRetries",
    old: 4,
    new: 2,
  });
});

test("a stage that is new or gone is named with its lane", () => {
  const next = { ...own, stages: new Map([...own.stages].slice(0, -1)) };
  const last = [...own.stages.keys()].at(-1);
  const gone = { path: `stages.${last}`, old: "lane-f", new: null };
  expect(changesBetween(own, next)).toEqual([gone]);
  expect(changesBetween(next, own)).toEqual([{ ...gone, old: null, new: "lane-f" }]);
});
