import { spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

import { startTelemetry } from "@baton/telemetry";
import { afterAll, expect, test, vi } from "vitest";

import { runProgram, type ProgramOptions } from "./run-program.ts";

const telemetry = await startTelemetry({ service: "test", env: { BATON_LOG_LEVEL: "silent" } });
afterAll(() => telemetry[Symbol.asyncDispose]());

function contextOf(stage: { signal?: AbortSignal; deadline?: string } = {}) {
  const steps: string[] = [];
  return {
    steps,
    signal: stage.signal ?? new AbortController().signal,
    deadline: stage.deadline ?? "2999-01-01T00:00:00.000Z",
    traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
    progress: (step: string) => void steps.push(step),
    log: telemetry.log,
  };
}

const shell = (script: string): ProgramOptions => ({ command: "/bin/sh", args: ["-c", script] });

function failureOf(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

/** False also for one that has ended and that nobody has asked about yet. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return /^[^Z\s]/.test(stdout);
}

test("gives what the program wrote, and each line moves the progress watermark", async () => {
  const context = contextOf();
  const { stdout, stderr } = await runProgram(context, shell("echo out; echo err >&2"));
  expect([stdout, stderr]).toEqual(["out\n", "err\n"]);
  expect(context.steps.toSorted()).toEqual(["sh: err", "sh: out"]);
});

test("gets its input, the trace, what it's given, and nothing else of our environment", async () => {
  process.env["BATON_NATS_SEED"] = "a secret";
  const { stdout } = await runProgram(contextOf(), {
    ...shell("cat; env"),
    input: "hello\n",
    env: { EXTRA: "1" },
  });
  delete process.env["BATON_NATS_SEED"];
  expect(stdout).toMatch(/^hello\n/);
  expect(stdout).toContain("EXTRA=1\n");
  expect(stdout).toContain(`TRACEPARENT=00-${"1".repeat(32)}`);
  expect(stdout).not.toContain("secret");
});

test.each([
  ["exit 65", "spec", "E_PROGRAM_FAILED"],
  ["exit 70", "deterministic", "E_PROGRAM_FAILED"],
  ["exit 75", "transient", "E_PROGRAM_UNAVAILABLE"],
  ["exit 77", "policy", "E_PROGRAM_FAILED"],
  ["exit 3", "transient", "E_PROGRAM_FAILED"],
  ["kill -9 $$", "transient", "E_PROGRAM_KILLED"],
  [
    `echo '{"failure":{"class":"policy","code":"E_DENIED","message":"not allowed"}}'`,
    "policy",
    "E_DENIED",
  ],
])("`%s` is a %s failure", async (script, kind, code) => {
  const failure = await failureOf(runProgram(contextOf(), shell(script)));
  expect(failure).toMatchObject({ name: "StageFailure", class: kind, code });
});

test("a program that isn't there is a deterministic failure", async () => {
  const failure = await failureOf(runProgram(contextOf(), { command: "/nowhere/agent" }));
  expect(failure).toMatchObject({ class: "deterministic", code: "E_PROGRAM_MISSING" });
});

test("one that takes too long is ended with all it started, also if it ignores being asked", async () => {
  const context = contextOf();
  const script = "trap '' TERM; sleep 60 & echo $!; wait; sleep 60";
  const failure = await failureOf(runProgram(context, { ...shell(script), timeoutMs: 1500 }));
  expect(failure).toMatchObject({ class: "transient", code: "E_PROGRAM_TIMEOUT" });
  const child = Number(context.steps[0]?.split(" ")[1]);
  expect(child).toBeGreaterThan(1);
  await vi.waitFor(() => expect(isAlive(child)).toBe(false), 10_000);
});

test("the stage's deadline bounds it too", async () => {
  const deadline = new Date(Date.now() + 200).toISOString();
  const failure = await failureOf(runProgram(contextOf({ deadline }), shell("sleep 60")));
  expect(failure).toMatchObject({ code: "E_PROGRAM_TIMEOUT" });
});

test("one that writes too much is ended", async () => {
  const bounded = { ...shell("yes"), maxOutputBytes: 100_000 };
  const failure = await failureOf(runProgram(contextOf(), bounded));
  expect(failure).toMatchObject({ class: "deterministic", code: "E_PROGRAM_OUTPUT" });
});

test("when the attempt is aborted it's ended, and the abort is what is thrown", async () => {
  const controller = new AbortController();
  const context = contextOf({ signal: controller.signal });
  const run = failureOf(runProgram(context, shell("echo started; sleep 60")));
  while (context.steps.length === 0) await delay(10);
  controller.abort(new Error("stopping"));
  expect(await run).toEqual(new Error("stopping"));
  expect(await failureOf(runProgram(context, shell("echo never")))).toEqual(new Error("stopping"));
});

test("what it leaves behind doesn't outlive it", async () => {
  const { stdout } = await runProgram(contextOf(), shell("sleep 60 & echo $!"));
  await vi.waitFor(() => expect(isAlive(Number(stdout))).toBe(false), 10_000);
});
