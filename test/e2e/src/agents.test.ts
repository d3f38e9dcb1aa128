/**
 * A strategy that a coding agent writes: a specification without a source goes in, a scripted agent in lane B's sandbox asks a scripted
 * model through the gateway, and what it writes is tested, pushed and backtested. Lane B is a process of its own, so that it can die.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type { Entry } from "@baton/contracts";
import { createBareRepository } from "@baton/gitops";
import { researchLane } from "@baton/lane-a-research/src/lane.ts";
import { backtestLane } from "@baton/lane-c-backtest/src/lane.ts";
import {
  type Answer,
  type InstalledAgents,
  installAgents,
  type ScriptedModel,
  startScriptedModel,
  type Step,
} from "@baton/scripted-agents";
import {
  eventually,
  type SpawnedService,
  spawnService,
  startTestNats,
  type TemporaryFolder,
  temporaryFolder,
  type TestNats,
  testSandbox,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";

import { type LoopWorld, openLoopWorld } from "./loop-world.ts";
import { runBaton } from "./run-baton.ts";

const ROOT = join(import.meta.dirname, "../../..");
const TIMEOUT = { timeout: 120_000 };
const SOURCE = readFileSync(join(ROOT, "examples/candidates/steady-climb.ts"), "utf8");
const RESULT: Step = { do: "result", value: { done: true, note: "written" } };
const USAGE = { input: 9000, output: 500 };
/** Writes the strategy wherever its candidate's folder is. */
const WRITES: Answer = {
  command: `for folder in strategies/*; do cat > "$folder/strategy.ts" <<'END'\n${SOURCE}END\ndone`,
  usage: USAGE,
};
const DONE: Answer = { text: "Done.", usage: USAGE };

let nats: TestNats;
let world: LoopWorld;
let folder: TemporaryFolder;
let model: ScriptedModel;
let agents: InstalledAgents;
let laneB: SpawnedService;
const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  folder = temporaryFolder("agents");
  chmodSync(folder.path, 0o755);
  nats = await startTestNats({ signIn: true });
  writeFileSync(at("playbook.yaml"), playbookWithAgent());
  world = await openLoopWorld(nats, { BATON_PLAYBOOK: at("playbook.yaml") });
  await createBareRepository(at("strategies.git"), { initialFiles: { "README.md": "Mine.\n" } });
  model = await startScriptedModel({ key: "sk-test", scripts: [] });
  agents = installAgents(at("agents"), { runs: [[]] });
  writeFileSync(at("key"), "sk-test\n", { mode: 0o600 });
  writeFileSync(at("agents.yaml"), agentsFile(), { mode: 0o600 });
  world.startLane("lane-a", researchLane({ drills: false }).stages);
  world.startLane("lane-c", backtestLane({ sandbox: await testSandbox() }).stages);
  laneB = startLaneB();
  await laneB.ready();
}, TIMEOUT.timeout);

afterAll(async () => {
  await laneB.stop();
  await world[Symbol.asyncDispose]();
  await model.close();
  await nats.stop();
  folder.remove();
}, TIMEOUT.timeout);

const Playbook = z.looseObject({
  stages: z.array(z.looseObject({ stage: z.string() })),
  limits: z.looseObject({}).optional(),
});

/** Baton's own, with an agent for candidate-build. */
function playbookWithAgent(): string {
  const own = Playbook.parse(parse(readFileSync(join(ROOT, "playbooks/baton.yaml"), "utf8")));
  const stages = own.stages.map((one) =>
    one.stage === "candidate-build"
      ? { ...one, executor: { command: { agent: "codex" } }, budget: { tokens: 60_000, money: 5 } }
      : one,
  );
  return stringify({ ...own, stages, limits: { ...own.limits, budget: { tokens: 80_000 } } });
}

function agentsFile(): string {
  return stringify({
    programs: { codex: { path: agents.codex } },
    gateway: {
      upstreams: { responses: { url: model.url, keyFile: at("key") } },
      otherModels: { input: 1, cachedInput: 0.1, output: 2, maxOutput: 4000 },
      allowHttpOnLoopback: true,
    },
  });
}

function startLaneB(): SpawnedService {
  mkdirSync(at("lane-b"), { recursive: true, mode: 0o700 });
  return spawnService("apps/lane-b-strategy/src/main.ts", {
    BATON_NATS_URL: nats.url,
    BATON_NATS_SEED_FILE: nats.seedFileOf("lane-b"),
    BATON_STRATEGY_REPO: at("strategies.git"),
    BATON_SCRATCH_DIR: at("lane-b"),
    BATON_AGENTS: at("agents.yaml"),
    BATON_ACK_WAIT_MS: "1500",
    BATON_MAX_DELIVER: "5",
    BATON_SANDBOX: process.env["BATON_SANDBOX"] === "off" ? "off" : "required",
  });
}

/** Submits a specification without a source, as a person does. */
async function submit(name: string): Promise<string> {
  const text = readFileSync(join(ROOT, "examples/candidates/steady-climb.yaml"), "utf8");
  const spec = z
    .looseObject({ strategy: z.looseObject({ authored: z.looseObject({}) }) })
    .parse(parse(text));
  const { source: _none, ...authored } = spec.strategy.authored;
  const unwritten = { ...spec, name, strategy: { ...spec.strategy, authored } };
  writeFileSync(at("candidate.yaml"), stringify(unwritten));
  const args = ["submit", at("candidate.yaml"), "-o", "json"];
  const { stdout, stderr, code } = await baton(args);
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return z.looseObject({ candidateId: z.string() }).parse(JSON.parse(stdout)).candidateId;
}

const baton = (args: readonly string[]) =>
  runBaton(nats, args, { BATON_MESH: world.mesh.name ?? "" });

async function settled(candidateId: string, where: (entry: Entry) => boolean): Promise<Entry> {
  return eventually(
    async () => {
      const last = await world.mesh.journal.last(candidateId);
      return last && where(last.entry) ? last.entry : undefined;
    },
    { what: `${candidateId} settled`, withinMs: 60_000 },
  );
}

const isBacktested = ({ holder, reason }: Entry): boolean =>
  holder === "lane-d" || (holder === "review" && reason !== "NO_WORKERS");

const branches = (): string[] =>
  execFileSync("git", ["--git-dir", at("strategies.git"), "branch", "--format=%(refname:short)"], {
    encoding: "utf8",
  })
    .trim()
    .split("\n");

test(
  "a thesis goes in, an agent writes the strategy, and lane C backtests it",
  TIMEOUT,
  async () => {
    agents.play({ runs: [[{ do: "model" }, RESULT]] });
    model.play([{ answers: [WRITES, DONE] }]);
    const id = await submit("written by an agent");
    const entry = await settled(id, isBacktested);
    expect(entry).toMatchObject({ holder: "lane-d", stage: "gate-evaluation" });
    const amount = { tokens: 19_000, micros: 20_000, calls: 2 };
    const before = { tokens: 0, micros: 0, calls: 0 };
    expect(entry.spent).toEqual([
      { stage: "candidate-build", runId: entry.runId, run: amount, before },
    ]);
    const described = await baton(["describe", id]);
    expect(described.stdout).toMatch(
      /Spent: +candidate-build 19,000 tokens, 0\.02 money in 2 calls/,
    );
    expect(described.stdout).toMatch(/codex 0\.171\.0 .*19000 +0\.02 +delivered/);
    const traced = await baton(["trace", id, "-o", "json"]);
    expect(traced.stdout).toContain("pass (codex 0.171.0, 19,000 tokens, 0.02 money in 2 calls)");
    const logs = await baton(["logs", id]);
    expect(logs.stdout).toContain('"type":"turn.completed"');
    expect((await baton(["logs", id, "--attempt", "7"])).code).toBe(4);
    expect((await baton(["guard", "replay", id])).code).toBe(0);
  },
);

test(
  "a budget stops it, a person grants more by name, and then it goes through",
  TIMEOUT,
  async () => {
    agents.play({ runs: [[{ do: "model" }, RESULT]] });
    model.play([{ answers: [{ command: "true", usage: { input: 84_000, output: 1000 } }] }]);
    const id = await submit("too dear at first");
    const stopped = await settled(id, ({ holder }) => holder === "review");
    expect(stopped).toMatchObject({ reason: "BUDGET", work: { ended: "budget" } });
    const cutBy = { scope: "stage-run", measure: "tokens", limit: 60_000, spent: 85_000 };
    expect(stopped.work?.cutBy).toEqual(cutBy);
    const callsBefore = model.calls.length;
    const inVain = await baton(["resume", id, "--why", "again", "--as", "eve"]);
    expect([inVain.code, inVain.stderr]).toEqual([
      7,
      expect.stringContaining("85000 of 80000 tokens"),
    ]);
    expect(model.calls.length).toBe(callsBefore);
    model.play([{ answers: [WRITES, DONE] }]);
    const words = [
      "resume",
      id,
      "--budget-tokens",
      "50000",
      "--why",
      "nearly there",
      "--as",
      "eve",
    ];
    expect(await baton(words)).toMatchObject({ code: 0 });
    const entry = await settled(id, ({ holder }) => holder === "lane-d");
    expect(entry.grants).toMatchObject([{ by: "eve", more: { tokens: 50_000 } }]);
    expect(entry.spent).toMatchObject([
      { run: { tokens: 19_000, calls: 2 }, before: { tokens: 85_000, calls: 1 } },
    ]);
    expect((await baton(["describe", id])).stdout).toMatch(
      /Granted: +50,000 tokens in 0 calls by eve/,
    );
    expect((await baton(["guard", "replay", id])).code).toBe(0);
  },
);

test(
  "lane B is killed while the agent runs: its session is gone on with, and nothing is left",
  TIMEOUT,
  async () => {
    agents.play({
      runs: [
        [{ do: "model", calls: 1 }, { do: "spawn", command: "sleep 4711" }, { do: "hang" }],
        [{ do: "model" }, RESULT],
      ],
    });
    model.play([{ answers: [WRITES, DONE] }]);
    const calls = model.calls.length;
    const id = await submit("killed in the middle");
    await eventually(() => processes().includes("sleep 4711"), {
      what: "the agent runs",
      withinMs: 30_000,
    });
    await laneB.sigkill();
    await eventually(() => !processes().includes("sleep 4711"), {
      what: "all gone",
      withinMs: 2000,
    });
    expect(processes()).not.toContain(agents.folder);
    laneB = startLaneB();
    const entry = await settled(id, isBacktested);
    expect(entry.holder).toBe("lane-d");
    expect(entry.spent?.[0]?.run.calls).toBe(model.calls.length - calls);
    const { work } = (await world.mesh.reports.result({ ...about(entry), lane: "lane-b" })) ?? {};
    expect(work).toMatchObject({ ended: "delivered" });
    expect(branches().filter((name) => name.endsWith(entry.runId))).toHaveLength(1);
  },
);

function about({ candidateId, runId }: Entry) {
  return { candidateId, runId, stage: "candidate-build" };
}

function processes(): string {
  return execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
}
