/** A lane's place for agents in tests: scripted programs, a scripted model behind the gateway, a folder. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Assignment, SpendLimit } from "@baton/contracts";
import type { Job } from "@baton/lanekit";
import {
  type Answer,
  installAgents,
  type Scenario,
  startScriptedModel,
  type Step,
} from "@baton/scripted-agents";
import { testSandbox } from "@baton/testkit";
import { onTestFinished } from "vitest";

import { AgentsConfig } from "../agents-config.ts";
import { openCommandExecutor } from "../command-executor.ts";

export const SOURCE = "export const answer = 42;\n";
export const PATH = "strategies/cand-000001/strategy.ts";
/** What ends a run well. */
export const RESULT: Step = { do: "result", value: { done: true, note: "written" } };
export const WELL: readonly Step[] = [{ do: "write", path: PATH, text: SOURCE }, RESULT];

const sandbox = await testSandbox();

/** `answers`: the model's, where a scenario asks it. */
export async function placeFor(
  runs: readonly (readonly Step[])[],
  answers: readonly Answer[] = [],
) {
  const folder = mkdtempSync(join(tmpdir(), "baton-agents-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const agents = installAgents(join(folder, "agents"), { runs });
  const model = await startScriptedModel({ key: "sk-test", scripts: [{ answers }] });
  onTestFinished(() => model.close());
  const keyFile = join(folder, "key");
  writeFileSync(keyFile, "sk-test\n", { mode: 0o600 });
  const config = AgentsConfig.parse({
    programs: { codex: { path: agents.codex }, claude: { path: agents.claude } },
    plain: [folder],
    limits: { memoryMiB: 512, fileMiB: 128 },
    gateway: {
      upstreams: { responses: { url: model.url, keyFile }, messages: { url: model.url, keyFile } },
      otherModels: { input: 1, cachedInput: 0.1, output: 2, maxOutput: 2000 },
      allowHttpOnLoopback: true,
    },
  });
  const executor = openCommandExecutor({ sandbox, config, folder: join(folder, "runs") });
  onTestFinished(() => executor[Symbol.asyncDispose]());
  return {
    folder,
    stageRuns: join(folder, "runs"),
    config,
    executor,
    model,
    play: (next: Scenario) => agents.play(next),
  };
}

export function jobFor(
  of: {
    readonly agent?: "codex" | "claude" | "plain";
    readonly program?: string[];
    readonly attempt?: number;
    readonly stageRun?: SpendLimit;
    readonly candidate?: SpendLimit;
    readonly seconds?: number;
    readonly network?: "model" | "none" | "open";
  } = {},
): Job {
  const { agent = "codex", program, attempt = 1, network = "model", ...more } = of;
  const assignment: Assignment = {
    executor: { kind: "command", agent, network, ...(program && { program }) },
    ...more,
    spent: { tokens: 0, micros: 0, calls: 0 },
  };
  return {
    document: {
      schemaVersion: "baton.job.v1",
      repository: "strategies.git",
      base: "0".repeat(40),
      head: "codex/torghut-v3-b-20260102-run-000001",
      candidateId: "cand-000001",
      stage: "candidate-build",
      artifactPath: "strategies/cand-000001",
      runId: "run-000001",
      iteration: 0,
      feedback: [],
      thesis: "Slow changes go on for longer than people expect.",
      specification: {},
      surfaces: ["strategies/cand-000001/*"],
      deadline: new Date(Date.now() + 600_000).toISOString(),
      budget: {},
      inputs: { "input/NDX.csv": "prices" },
    },
    assignment,
    attempt,
    task: "Write the strategy.",
    inputs: { "input/NDX.csv": new TextEncoder().encode("date,close\n2020-01-02,1\n") },
  };
}

export function callOf(signal = AbortSignal.timeout(60_000)) {
  const steps: string[] = [];
  return { signal, steps, progress: (step: string) => void steps.push(step) };
}
