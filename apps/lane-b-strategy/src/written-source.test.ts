/** Strategies that a scripted agent writes for a scripted model, in the real sandbox, through the real gateway and repository. */
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { StrategyPluginArtifact } from "@baton/artifacts";
import { createBareRepository } from "@baton/gitops";
import { JobDocument } from "@baton/lanekit";
import { type Answer, installAgents, startScriptedModel, type Step } from "@baton/scripted-agents";
import { temporaryFolder } from "@baton/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";

import { openAgentLane } from "./testing/agent-lane.ts";
import { candidateId, sha256 } from "./testing/authored-inputs.ts";

vi.setConfig({ testTimeout: 120_000 });

const PATH = `strategies/${candidateId}/strategy.ts`;
const EXAMPLES = join(import.meta.dirname, "../../../examples/candidates");
const example = (name: string): string => readFileSync(join(EXAMPLES, name), "utf8");
const RESULT: Step = { do: "result", value: { done: true, note: "written" } };

/** A lane whose agent asks a model that answers so. */
async function laneWith(
  answers: readonly Answer[],
  runs: readonly (readonly Step[])[] = [[{ do: "model" }, RESULT]],
) {
  const folder = temporaryFolder("written");
  onTestFinished(() => folder.remove());
  chmodSync(folder.path, 0o755);
  const at = (name: string): string => join(folder.path, name);
  const repository = at("strategies.git");
  await createBareRepository(repository, { initialFiles: { "README.md": "Strategies.\n" } });
  const { codex } = installAgents(at("agents"), { runs });
  const model = await startScriptedModel({ key: "sk-test", scripts: [{ answers }] });
  onTestFinished(() => model.close());
  writeFileSync(at("key"), "sk-test\n", { mode: 0o600 });
  const lane = await openAgentLane({ folder: folder.path, codex, modelUrl: model.url });
  onTestFinished(() => lane.close());
  const git = (...args: string[]) =>
    execFileSync("git", ["--git-dir", repository, ...args], { encoding: "utf8" }).trim();
  return { build: (attempt = 1) => lane.build(attempt), model, git, at };
}

const writes = (content: string): Answer[] => [
  { write: { path: PATH, content } },
  { text: "Done." },
];

test("what an agent wrote is tested, built and pushed like a source that was submitted", async () => {
  const source = example("steady-climb.ts");
  const { build, model, git } = await laneWith(writes(source));
  const { context, outcome } = await build();
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const built = context.outputJson("build/plugin.json", StrategyPluginArtifact);
  expect(built).toMatchObject({ plugin: "authored", sourceSha256: sha256(source) });
  const [branch = ""] = git(
    "branch",
    "--list",
    "*run-000000000001",
    "--format=%(refname:short)",
  ).split("\n");
  expect(`${git("show", `${branch}:${PATH}`)}\n`).toBe(source);
  expect(context.works).toMatchObject([
    {
      agent: "codex",
      ended: "delivered",
      sum: { tokens: 2100, calls: 2 },
      log: { bytes: expect.any(Number) },
    },
  ]);
  expect(context.outputs.has("observed/agent-output.jsonl")).toBe(true);
  expect(JSON.stringify(model.calls[0]?.body)).toContain("Read job.json");
});

test("a later attempt takes up the branch, wherever it runs, and pays nothing", async () => {
  const first = await laneWith(writes(example("steady-climb.ts")));
  await first.build();
  execFileSync("rm", ["-rf", first.at("stage-runs")]);
  const { context, outcome } = await first.build(2);
  expect(outcome).toMatchObject({ kind: "done" });
  expect(context.works).toEqual([]);
  expect(first.model.calls).toHaveLength(2);
});

test("one that looks ahead is refused, as what was delivered, and isn't pushed", async () => {
  const { build, git } = await laneWith(
    writes(example("peeking.ts").replaceAll("parameters.rows", "parameters.longRows")),
  );
  const { outcome } = await build();
  expect(outcome).toMatchObject({ failure: { class: "deterministic", code: "E_LOOK_AHEAD" } });
  expect(git("branch", "--list", "*run-*")).toBe("");
});

test("what is written elsewhere is named, and nothing is committed", async () => {
  const { build, git } = await laneWith(
    [],
    [[{ do: "write", path: "strategies/cand-of-another/strategy.ts", text: "x" }, RESULT]],
  );
  const { outcome } = await build();
  expect(outcome).toMatchObject({ failure: { class: "policy", code: "E_SURFACE" } });
  expect(outcome?.kind === "failed" && outcome.failure.message).toContain("cand-of-another");
  expect(git("branch", "--list", "*run-*")).toBe("");
});

test("who writes sees the research rows and none that are held back", async () => {
  const { build, at } = await laneWith([], [[{ do: "write", path: PATH, text: "" }, RESULT]]);
  const { context } = await build();
  const tree = at(`stage-runs/${candidateId}.candidate-build.run-000000000001/tree-1`);
  const rows = readFileSync(join(tree, "input/AAPL.csv"), "utf8").trim().split("\n");
  const Manifest = z.object({
    datasets: z.array(z.object({ research: z.object({ end: z.string() }) })),
  });
  const { datasets } = await context.readJson("research/dataset-manifest.json", Manifest);
  expect(rows.at(-1)?.slice(0, 10)).toBe(datasets[0]?.research.end);
  const job = JobDocument.parse(JSON.parse(readFileSync(join(tree, "job.json"), "utf8")));
  expect(job).toMatchObject({
    artifactPath: `strategies/${candidateId}`,
    budget: { stageRun: { tokens: 50_000 } },
  });
});

test("a spent budget stops it, and says so", async () => {
  const { build } = await laneWith([{ command: "true", usage: { input: 60_000, output: 100 } }]);
  const { context, outcome } = await build();
  expect(outcome).toMatchObject({ failure: { class: "policy", code: "E_BUDGET" } });
  expect(context.works).toMatchObject([
    { ended: "budget", cutBy: { measure: "tokens", spent: 60_100 } },
  ]);
});
