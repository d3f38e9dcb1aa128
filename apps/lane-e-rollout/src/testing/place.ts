/** Real repositories, a real engine and a real broker for all tests of a file. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

import { type Broker, createBroker } from "@baton/brokerage";
import { createBareRepository, openWorktree } from "@baton/gitops";
import {
  BROKER_TOKENS,
  BROKER_TOKENS_ENV,
  READ_TOKEN,
  createStageContext,
  type RecordedStageContext,
  type SpawnedService,
  spawnService,
  startTestMesh,
  temporaryFolder,
  testSandbox,
  type TestMesh,
} from "@baton/testkit";
import { afterAll, beforeAll } from "vitest";

import type { RolloutOptions } from "../rollout-options.ts";
import { useMesh } from "./dispatched.ts";
import { readerOf } from "./mesh-reader.ts";
import { type SampleRun, SOURCE } from "./sample-run.ts";

/** What tests share. */
export interface Place {
  readonly options: RolloutOptions;
  readonly engine: SpawnedService;
  readonly mesh: TestMesh;
  brokerOf(this: void, account: string): Broker;
  /** What git says about the GitOps repository. */
  git(this: void, ...args: string[]): string;
}

/** Starts everything before the tests of a file. */
export function sharedPlace(): () => Place {
  const folder = temporaryFolder("rollout");
  let place: Place | undefined;
  let mesh: TestMesh | undefined;
  const services: SpawnedService[] = [];
  beforeAll(async () => {
    const at = (name: string) => join(folder.path, name);
    const broker = spawnService("apps/paper-broker/src/main.ts", {
      ...BROKER_TOKENS_ENV,
      BATON_BROKER_DIR: at("broker"),
      BATON_TRACES_PER_SECOND: "0",
    });
    services.push(broker);
    mesh = await startTestMesh();
    useMesh({ journal: mesh.mesh.journal, url: mesh.nats.url });
    await createBareRepository(at("gitops.git"), { initialFiles: { "README.md": "strategies\n" } });
    await createBareRepository(at("strategies.git"));
    const brokerUrl = await broker.ready();
    const engine = spawnService("apps/paper-engine/src/main.ts", {
      BATON_NATS_URL: mesh.nats.url,
      BATON_GITOPS_REPO: at("gitops.git"),
      BATON_BROKER_URL: brokerUrl,
      BATON_BROKER_TOKEN: BROKER_TOKENS.engine,
      BATON_WORK_DIR: at("engine"),
      BATON_ENGINE_POLL_MS: "100",
      BATON_TRACES_PER_SECOND: "0",
    });
    services.push(engine);
    place = {
      engine,
      mesh,
      options: {
        repository: at("gitops.git"),
        strategyRepository: at("strategies.git"),
        cacheDir: at("cache"),
        engineUrl: await engine.ready(),
        readToken: READ_TOKEN,
        broker: { url: brokerUrl, token: BROKER_TOKENS.laneE },
        mesh: readerOf(mesh.mesh),
        verifyMs: 10_000,
        sandbox: await testSandbox(),
      },
      brokerOf: (account) =>
        createBroker({ url: brokerUrl, token: BROKER_TOKENS.operator, account }),
      git: (...args) =>
        execFileSync("git", ["-C", at("gitops.git"), ...args], { stdio: "pipe" })
          .toString()
          .trim(),
    };
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await mesh?.stop();
    folder.remove();
  });
  return () => {
    if (place === undefined) throw new Error("nothing was started");
    return place;
  };
}

/** A stage's context for `run`, with `more` inputs on top of those of the stages before. */
export function contextOf(
  run: SampleRun,
  stage: string,
  more: Record<string, unknown> = {},
  over: Partial<Parameters<typeof createStageContext>[0]> = {},
): RecordedStageContext {
  const { spec, candidateId, runId, inputs, promoted } = run;
  return createStageContext({
    lane: "lane-e",
    stage,
    spec,
    candidateId,
    runId,
    inputs: { ...inputs, ...(stage === "promotion-prerequisites" ? {} : promoted), ...more },
    ...over,
  });
}

/** What a stage put, as the inputs of the next one. */
export const outputsOf = (context: RecordedStageContext): Record<string, unknown> =>
  Object.fromEntries(context.outputs);

/** The outputs that must be the same on every rerun. */
export function lastingOutputs(context: RecordedStageContext): Record<string, string> {
  return Object.fromEntries(
    [...context.outputs]
      .filter(([name]) => !name.startsWith("observed/"))
      .map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]),
  );
}

/** Pushes the strategy as lane B does, and gives what lane B observes. */
export async function pushedStrategy(options: RolloutOptions, run: SampleRun, source = SOURCE) {
  const branch = `codex/torghut-v3-b-20260105-${run.runId}`;
  const { strategyRepository: repository, cacheDir } = options;
  await using tree = await openWorktree({ repository, cacheDir, branch });
  await tree.commitFiles({
    files: { [`strategies/${run.candidateId}/strategy.ts`]: source },
    message: "Build it",
  });
  return { branch, commit: await tree.push() };
}

/** Approval of live-ramp for this run. */
export function approvalOf(run: SampleRun) {
  return {
    stage: "live-ramp",
    runId: run.runId,
    by: "someone",
    why: "looks right",
    commandId: "command-000001",
    time: "2026-01-05T11:00:00.000Z",
    evidence: "a".repeat(64),
  };
}

/** Commits on main that name `action`. */
export function commitsOf(git: Place["git"], action: string): string[] {
  const format = "--format=%H%x09%(trailers:key=Baton-Stage-Run,valueonly,separator=%x09)";
  return git("log", "main", format)
    .split("\n")
    .filter((line) => line.split("\t").includes(action));
}
