/** What ends the guard before it decides: input that is wrong (3), and options that are (2). */
import { expect, test } from "vitest";

import { ask, type Case, file, IDS, PUBLIC } from "./testing/ask-transition.ts";
import { runGuard } from "./testing/run-guard.ts";

test.each([
  ["unknown --to-stage", { options: { "to-stage": "nowhere" } }, "one of research-intake, "],
  ["unknown --from-stage", { options: { "from-stage": "nowhere" } }, "one of research-intake, "],
  ["unknown active stage", { state: { activeStage: "nowhere" } }, "one of research-intake, "],
  ["--candidate-id that is none", { options: { "candidate-id": "Cand-1" } }, "6 to 63 characters"],
  ["--run-id that is empty", { options: { "run-id": "" } }, "6 to 63 characters"],
  ["state file that doesn't exist", { options: { state: "/nonexistent/s.json" } }, "no such file"],
  ["state file that is a directory", { options: { state: "/" } }, "directory"],
  ["state that is empty", { state: "" }, "it is empty"],
  ["state that isn't JSON", { state: '{"paused": yes}' }, "(line 1, column 12)"],
  ["state that is a list", { state: "[]" }, "$ (line 1): must be an object"],
  [
    "state with a key twice",
    { state: '{"runId": "run-000001",\n"runId": "run-000001"}' },
    "$.runId (line 2): comes twice",
  ],
  [
    "state with two names for one candidate",
    { state: { candidate_id: "cand-other1" } },
    "must be the same",
  ],
  [
    "state with a text for paused",
    { state: { paused: "false" } },
    "$.paused (line 1): must be true or false",
  ],
  ["state with a number for a run", { state: { runId: 7 } }, "$.runId (line 1): must be a text"],
  [
    "state with a number for a stage",
    { state: { activeStage: 7 } },
    "$.activeStage (line 1): must be a text",
  ],
  [
    "policy file that doesn't exist",
    { options: { policy: "/nonexistent/p.yaml" } },
    "no such file",
  ],
  ["policy that isn't YAML", { options: { policy: file("a: [", ".yaml") } }, "isn't YAML"],
  ["policy that is no playbook", { options: { policy: file("version: 1", ".yaml") } }, "version: "],
] satisfies [string, Case, string][])("%s ends with 3", async (_, breaks, words) => {
  const { code, json, failure } = await ask(breaks);
  expect([code, json, failure?.code]).toEqual([3, undefined, "E_INVALID"]);
  expect(`${failure?.message} ${failure?.rule}`).toContain(words);
  expect(failure?.action).not.toBe("");
});

test.each([
  ["is nested a hundred thousand deep", "[".repeat(100_000) + "]".repeat(100_000)],
  ["is larger than a MiB", JSON.stringify({ a: "x".repeat(1024 * 1024) })],
  ["is no UTF-8", Buffer.from([0x22, 0xff, 0x22])],
  ["reaches for prototypes", '{"__proto__": {"paused": false}, "paused": 1}'],
])("a state that %s ends with 3", async (_, content) => {
  const { code, failure } = await ask({ options: { state: file(content) } });
  expect([code, failure?.code]).toEqual([3, "E_INVALID"]);
});

test("every fault of a state and of a playbook is named at once, each with its line", async () => {
  const state = await ask({ state: '{"paused": 1,\n"runId": 2,\n"failureCounts": {"a": -1}}' });
  expect(state.failure?.message.match(/\(line \d\)/g)).toEqual([
    "(line 2)",
    "(line 1)",
    "(line 3)",
  ]);
  const policy = file(
    "version: baton-playbook-v1\nstages:\n  - stage: a\n    lane: lane-z\n    gate: ../x\ntransitions: {}\nfailurePolicies: {}\n",
    ".yaml",
  );
  const playbook = await ask({ options: { policy } });
  expect(playbook.failure?.message).toMatch(/lane .*\(line 4\)/);
  expect(playbook.failure?.message).toMatch(/gate .*\(line 5\)/);
});

test.each([
  [
    "options left out",
    { options: { state: null, "run-id": null } },
    "--state, --run-id are required",
  ],
  ["an unknown mode", { options: { mode: "yolo" } }, "gitops, emergency"],
  ["an unknown option", { options: { force: true } }, "--force"],
] satisfies [string, Case, string][])("%s end with 2", async (_, breaks, words) => {
  const { code, json, failure } = await ask(breaks);
  expect([code, json]).toEqual([2, undefined]);
  expect(failure?.message).toContain(words);
});

test("--policy stands before or after the verb, and BATON_PLAYBOOK is its default", async () => {
  const state = file({ ...IDS });
  const rest = ["--state", state, "--candidate-id", IDS.candidateId, "--run-id", IDS.runId];
  const move = [
    ...rest,
    "--to-stage",
    "research-intake",
    "--risk-controls-passed",
    "--execution-controls-passed",
  ];
  const version = (run: Awaited<ReturnType<typeof runGuard>>) => run.json?.["playbook"];
  const upstream = { version: "torghut-v3-orchestration-policy-v1" };
  expect(version(await runGuard(["--policy", PUBLIC, "check-transition", ...move]))).toMatchObject(
    upstream,
  );
  expect(version(await runGuard(["check-transition", ...move, "--policy", PUBLIC]))).toMatchObject(
    upstream,
  );
  expect(version(await runGuard(["check-transition", ...move]))).toMatchObject({
    version: "baton-playbook-v1",
  });
  process.env["BATON_PLAYBOOK"] = PUBLIC;
  try {
    expect(version(await runGuard(["check-transition", ...move]))).toMatchObject(upstream);
  } finally {
    delete process.env["BATON_PLAYBOOK"];
  }
});
