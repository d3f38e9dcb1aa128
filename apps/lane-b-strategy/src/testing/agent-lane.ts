/** Lane B with a scripted Codex that asks a scripted model, in a folder of a test's own. */
import { join } from "node:path";

import { AgentsConfig, openCommandExecutor } from "@baton/agents";
import type { Assignment } from "@baton/contracts";
import { createStageContext, testSandbox } from "@baton/testkit";

import { strategyLane } from "../lane.ts";
import { authoredInputs, candidateId } from "./authored-inputs.ts";

/** Where it is. */
export interface AgentPlace {
  readonly folder: string;
  readonly codex: string;
  readonly modelUrl: string;
}

const ASSIGNMENT: Assignment = {
  executor: { kind: "command", agent: "codex", network: "model" },
  stageRun: { tokens: 50_000 },
  spent: { tokens: 0, micros: 0, calls: 0 },
};

/** Runs an attempt of candidate-build; the key is in the file `key`. */
export async function openAgentLane({ folder, codex, modelUrl }: AgentPlace) {
  const at = (name: string): string => join(folder, name);
  const sandbox = await testSandbox();
  const config = AgentsConfig.parse({
    programs: { codex: { path: codex } },
    gateway: {
      upstreams: { responses: { url: modelUrl, keyFile: at("key") } },
      otherModels: { input: 1, cachedInput: 0.1, output: 2, maxOutput: 2000 },
      allowHttpOnLoopback: true,
    },
  });
  const executor = openCommandExecutor({ sandbox, config, folder: at("stage-runs") });
  const lane = strategyLane({
    repository: at("strategies.git"),
    scratchDir: at("scratch"),
    sandbox,
    executor,
  });
  const build = async (attempt: number, onProgress?: (step: string) => void) => {
    const runId = "run-000000000001";
    const grid = [{ longRows: 120, slopeRows: 10 }];
    const context = createStageContext({
      lane: "lane-b",
      stage: "candidate-build",
      candidateId,
      runId,
      attempt,
      assignment: ASSIGNMENT,
      ...authoredInputs({ runId, source: undefined, grid, warmUpRows: 140 }),
      deadline: new Date(Date.now() + 600_000).toISOString(),
    });
    const heard = {
      ...context,
      progress: (step: string): void => {
        context.progress(step);
        onProgress?.(step);
      },
    };
    return { context, outcome: await lane.stages["candidate-build"]?.(heard) };
  };
  return { build, close: () => executor[Symbol.asyncDispose]() };
}
