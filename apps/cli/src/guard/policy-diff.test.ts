import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "@baton/testkit";
import { afterAll, expect, test } from "vitest";

import { runHere } from "./testing/run-guard.ts";

const folder = temporaryFolder("policy-diff");
afterAll(() => folder.remove());

const OWN = join(import.meta.dirname, "../../../../playbooks/baton.yaml");

function written(name: string, change: (text: string) => string): string {
  const path = join(folder.path, name);
  writeFileSync(path, change(readFileSync(OWN, "utf8")));
  return path;
}

const changed = written("changed.yaml", (text) =>
  text
    .replace("deadlineSeconds: 1800", "deadlineSeconds: 900")
    .replace(
      "incident-recovery: [research-intake, audit-evidence]",
      "incident-recovery: [audit-evidence]",
    ),
);

test("two playbooks are compared without a server, a line for each value", async () => {
  const { code, stdout } = await runHere(["policy", "diff", OWN, changed]);
  expect(code).toBe(0);
  expect(stdout.split("\n").slice(3)).toEqual([
    "~ stages.policy-dry-run.deadlineSeconds: 1800 -> 900",
    '~ stages.incident-recovery.to: ["research-intake","audit-evidence"] -> ["audit-evidence"]',
    "",
  ]);
  expect(stdout).toMatch(
    /^old {2}[0-9a-f]{12} {2}.*baton\.yaml\nnew {2}[0-9a-f]{12} {2}.*changed\.yaml\n/,
  );
});

test("--json gives the values, --exit-code ends with 5 if there are any", async () => {
  const differs = await runHere(["policy", "diff", OWN, changed, "--json", "--exit-code"]);
  expect(differs.code).toBe(5);
  expect(differs.json).toMatchObject({
    journal: null,
    changes: [{ path: "stages.policy-dry-run.deadlineSeconds", old: 1800, new: 900 }, {}],
  });
  const same = written("same.yaml", (text) => `# the same\n${text}`);
  const alike = await runHere(["policy", "diff", OWN, same, "--exit-code"]);
  expect([alike.code, alike.stdout]).toEqual([
    0,
    expect.stringContaining("Nothing that decides differs."),
  ]);
});

test("a file that is no playbook ends with 3, and says which of the two it is", async () => {
  const broken = written("broken.yaml", (text) => text.replace("lane: lane-d", "lane: lane-x"));
  const { code, failure } = await runHere(["policy", "diff", OWN, broken]);
  expect(code).toBe(3);
  expect(failure?.message).toMatch(/^<new>: stages\.3\.lane .*\(line \d+\)$/);
});

test("without a server --journal ends with 8", async () => {
  const there = ["policy", "diff", OWN, changed, "--journal", "--server", "nats://127.0.0.1:1"];
  const { code, failure } = await runHere(there);
  expect([code, failure?.code]).toEqual([8, "E_UNAVAILABLE"]);
});
