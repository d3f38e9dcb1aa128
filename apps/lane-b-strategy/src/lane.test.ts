import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  CandidateSpec,
  CandidateSpecArtifact,
  CatalogEntryArtifact,
  type DatasetManifest,
  StrategyPluginArtifact,
  TestReportArtifact,
} from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import { createBareRepository } from "@baton/gitops";
import { builtInMarketData, manifestOf, onSharedDates } from "@baton/market";
import { findPlugin } from "@baton/quant";
import { TEMPLATES } from "@baton/templates";
import {
  createStageContext,
  type StageContextOptions,
  temporaryFolder,
  testSandbox,
} from "@baton/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type StrategyLaneOptions, strategyLane } from "./lane.ts";

const folder = temporaryFolder("lane-b");
const repository = join(folder.path, "strategies.git");
const options: StrategyLaneOptions = {
  repository,
  scratchDir: join(folder.path, "scratch"),
  sandbox: await testSandbox(),
};

beforeAll(async () => {
  await createBareRepository(repository, { initialFiles: { "README.md": "Strategies.\n" } });
});
afterAll(() => folder.remove());

const HOLDOUT = 252;
const candidateId = "cand-0123456789ab";
const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");

const GRIDS: Record<string, Record<string, number>[]> = {
  "sma-cross": [
    { fast: 10, slow: 50 },
    { fast: 50, slow: 200 },
  ],
  tsmom: [{ lookbackRows: 252 }, { lookbackRows: 21, afterFall: -1 }],
  "tsmom-vol-target": [{}, { momentumRows: 10, volatilityRows: 30 }],
};

/** The parts of a research artifact that lane B reads, around what differs. */
function researchOf(of: Pick<CandidateSpecArtifact, "runId" | "spec" | "trials" | "datasets">) {
  return {
    ...of,
    schemaVersion: "baton.candidate-spec.v1",
    candidateId,
    iteration: 0,
    specSha256: sha256(canonicalJson(of.spec)),
    declaredTrials: of.trials.length,
    falsifiedIf: "it loses",
    fills: "close",
    delayRows: 1,
    feedback: [],
  } satisfies CandidateSpecArtifact;
}

/** What lane A hands on for a plugin's grid on some instruments. */
async function inputsFor(
  plugin: string,
  instruments: readonly string[],
  runId = "run-0123456789ab",
): Promise<Record<string, unknown>> {
  const market = builtInMarketData();
  const loads = instruments.map((name) => market.load(name, new AbortController().signal));
  const described = manifestOf(onSharedDates(await Promise.all(loads)), HOLDOUT);
  const { datasets } = described;
  const spec = CandidateSpec.parse({
    schema: "baton.candidate.v1",
    name: "Example",
    thesis: "Slow changes go on for longer than people expect.",
    universe: instruments.map((instrument) => ({ instrument })),
    strategy: { plugin, grid: GRIDS[plugin] },
    regimes: [{ name: "rise", expectation: "Invested." }],
    expectation: { metric: "sharpe", atLeast: 0.4 },
    promotion: { target: "shadow", notional: 1000 },
  });
  const trials = spec.strategy.grid.map((raw, index) => {
    const strategy = findPlugin(plugin).bind(raw);
    const parameters = z.record(z.string(), z.number()).parse(strategy.parameters);
    const features = [{ name: "x", definition: "x", lookbackRows: 1 }];
    return { index, parameters, warmUpRows: strategy.warmUpRows, features };
  });
  const research = researchOf({ runId, spec, trials, datasets });
  const manifest: DatasetManifest = {
    schemaVersion: "baton.dataset-manifest.v1",
    candidateId,
    runId,
    ...described,
    fills: "close",
  };
  return { "research/candidate-spec.json": research, "research/dataset-manifest.json": manifest };
}

const specOf = (inputs: Record<string, unknown>) =>
  CandidateSpecArtifact.parse(inputs["research/candidate-spec.json"]).spec;

async function run(
  inputs: Record<string, unknown>,
  rest: Partial<StageContextOptions> & Partial<StrategyLaneOptions> = {},
) {
  const { templates, ...more } = rest;
  const context = createStageContext({
    lane: "lane-b",
    stage: "candidate-build",
    spec: specOf(inputs),
    candidateId,
    runId: "run-0123456789ab",
    inputs,
    ...more,
  });
  const lane = strategyLane({ ...options, ...(templates !== undefined && { templates }) });
  const outcome = await lane.stages["candidate-build"]?.(context);
  return { context, outcome, failure: outcome?.kind === "failed" ? outcome.failure : undefined };
}

const git = (...args: string[]) =>
  execFileSync("git", ["--git-dir", repository, ...args], { encoding: "utf8" }).trim();

const Observed = z.object({ branch: z.string(), commit: z.string() });

/** The built-in templates with one text of sma-cross replaced. */
function templatesWith(name: string, before: string, after: string): string {
  const templates = join(folder.path, name);
  cpSync(TEMPLATES, templates, { recursive: true });
  const file = join(templates, "sma-cross/strategy.ts");
  const source = readFileSync(file, "utf8");
  expect(source).toContain(before);
  writeFileSync(file, source.replace(before, after));
  return templates;
}

test.each([
  ["sma-cross", ["SPX", "NDX"]],
  ["tsmom", ["SPX"]],
  ["tsmom-vol-target", ["SPX", "NDX"]],
])("a %s strategy on %s passes its generated test and is built", async (plugin, instruments) => {
  const runId = `run-${sha256(plugin).slice(0, 12)}`;
  const { context, outcome } = await run(await inputsFor(plugin, instruments, runId), { runId });
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const built = context.outputJson("build/plugin.json", StrategyPluginArtifact);
  const report = context.outputJson("build/test-report.json", TestReportArtifact);
  const entry = context.outputJson("build/catalog-entry.json", CatalogEntryArtifact);
  const source = context.outputs.get("build/plugin-source.ts") ?? new Uint8Array();
  expect(built.sourceSha256).toBe(sha256(source));
  expect([report.sourceSha256, entry.sourceSha256]).toEqual([sha256(source), sha256(source)]);
  const panels = plugin === "tsmom-vol-target" ? 3 : instruments.length;
  expect(report.tests).toHaveLength(2 + 7 * panels);
  expect(report).toMatchObject({ failed: 0, passed: 2 + 7 * panels });
  expect(report.secondOpinion).toMatch(/^trading-signals@\d/);
  const end = instruments.length === 1 ? "2019-04-17" : "2011-06-30";
  expect(report.datasets[0]?.research.end).toBe(end);
  expect(built.parameterSets).toHaveLength(2);
});

test("the strategy is pushed to the run's own branch, with nothing outside its folder", async () => {
  const { context } = await run(await inputsFor("sma-cross", ["SPX"]));
  const { branch, commit } = context.outputJson("observed/build.json", Observed);
  expect(branch).toMatch(/^codex\/torghut-v3-b-\d{8}-run-0123456789ab$/);
  expect(git("rev-parse", branch)).toBe(commit);
  expect(git("diff", "--name-only", "main", branch).split("\n")).toEqual(
    ["catalog-entry.json", "second-opinion.ts", "strategy.test.ts", "strategy.ts"].map(
      (file) => `strategies/${candidateId}/${file}`,
    ),
  );
  expect(git("show", `${branch}:strategies/${candidateId}/strategy.ts`)).toBe(
    new TextDecoder().decode(context.outputs.get("build/plugin-source.ts")).trim(),
  );
});

test("a repeated stage run gives the same bytes and leaves its branch as it was, even on another day", async () => {
  const inputs = await inputsFor("sma-cross", ["SPX"]);
  const first = await run(inputs);
  const second = await run(inputs, { attempt: 2, now: () => new Date("2026-01-06T00:00:01.000Z") });
  const unobserved = ({ context }: typeof first) =>
    [...context.outputs].filter(([name]) => !name.startsWith("observed/"));
  expect(unobserved(second)).toEqual(unobserved(first));
  const where = ({ context }: typeof first) => context.outputJson("observed/build.json", Observed);
  expect(where(second)).toEqual(where(first));
});

test("a build leaves nothing in the lane's folder", async () => {
  const { outcome } = await run(await inputsFor("sma-cross", ["SPX"]), { attempt: 2 });
  expect(outcome?.kind).toBe("done");
  expect(readdirSync(options.scratchDir)).toEqual([]);
});

test("the committed test also runs where there is no data", async () => {
  const { context } = await run(await inputsFor("sma-cross", ["SPX"]));
  const { branch } = context.outputJson("observed/build.json", Observed);
  const checkout = join(folder.path, "checkout");
  execFileSync("git", ["clone", "--quiet", "--branch", branch, repository, checkout]);
  cpSync(
    join(import.meta.dirname, "../../../node_modules/trading-signals"),
    join(checkout, "node_modules/trading-signals"),
    { recursive: true },
  );
  const output = execFileSync(
    process.execPath,
    ["--test-reporter=tap", `strategies/${candidateId}/strategy.test.ts`],
    { cwd: checkout, encoding: "utf8", env: {} },
  );
  expect(output).toMatch(/^# pass 8$/m);
  expect(output).toMatch(/^# fail 0$/m);
});

test.each([
  [
    "looks ahead by a day",
    "closes.map((_, row) => weightAt(closes, row, parameters))",
    "closes.map((_, row) => weightAt(closes, Math.min(row + 1, closes.length - 1), parameters))",
    /"SPX: a weight needs no row after its own": .*row \d+/,
  ],
  [
    "isn't what is backtested",
    "fast > slow ? 1 : 0",
    "fast >= slow * 0.99 ? 1 : 0",
    /"SPX: a library of its own comes to the same values and weights": .*weight/,
  ],
  ["leaves its bounds", "fast > slow ? 1 : 0", "fast > slow ? 2 : 0", /within its bounds/],
  [
    "reaches outside",
    "const row = closes.length - 1;",
    "const row = closes.length - 1 + Math.round(Math.random() / 4);",
    /"the source names nothing of the outside world": .*Math\.random/,
  ],
  ["changes its input", "if (row < warm", "closes.length = 0;\n  if (row < warm", /broke off|row/],
])("a plugin that %s is not built: its test really runs", async (what, before, after, said) => {
  const templates = templatesWith(what.replaceAll(/[^a-z]/g, "-"), before, after);
  const runId = `run-${sha256(what).slice(0, 12)}`;
  const inputs = await inputsFor("sma-cross", ["SPX"], runId);
  const { failure, context } = await run(inputs, { templates, runId });
  expect(failure).toMatchObject({ class: "deterministic", code: "E_PLUGIN_TEST" });
  expect(failure?.message).toMatch(said);
  expect(context.outputs.size).toBe(0);
  expect(git("branch", "--list", `*${runId}`)).toBe("");
});

test("a plugin that doesn't even load is answered with what node says", async () => {
  const templates = templatesWith("broken", "export const name", "export cosnt name");
  const { failure } = await run(await inputsFor("sma-cross", ["SPX"]), { templates });
  expect(failure).toMatchObject({ class: "deterministic", code: "E_PLUGIN_TEST" });
  expect(failure?.message).toContain("broke off");
  expect(failure?.message).toContain("strategy.ts");
});

test("data other than lane A described stops the build", async () => {
  const inputs = await inputsFor("sma-cross", ["SPX"]);
  const text = JSON.stringify(inputs["research/dataset-manifest.json"]);
  const other = text.replaceAll(/"sha256":"[0-9a-f]{64}"/g, `"sha256":"${"0".repeat(64)}"`);
  const { failure } = await run({ ...inputs, "research/dataset-manifest.json": other });
  expect(failure).toMatchObject({ class: "deterministic", code: "E_DATA_CHANGED" });
});

test("a stopped stage stops its test and counts as transient", async () => {
  const inputs = await inputsFor("sma-cross", ["SPX"]);
  const context = createStageContext({
    lane: "lane-b",
    stage: "candidate-build",
    spec: specOf(inputs),
    candidateId,
    runId: "run-0123456789ab",
    inputs,
  });
  const running = strategyLane(options).stages["candidate-build"]?.({
    ...context,
    progress: (step) => {
      if (step === "running its test") setImmediate(() => context.abort());
    },
  });
  const outcome = await running;
  expect(outcome).toMatchObject({ kind: "failed", failure: { class: "transient" } });
});

test("an unreachable repository is not the candidate's fault", async () => {
  const missing = join(folder.path, "nowhere.git");
  const inputs = await inputsFor("sma-cross", ["SPX"]);
  const context = createStageContext({
    lane: "lane-b",
    stage: "candidate-build",
    spec: specOf(inputs),
    candidateId,
    runId: "run-0123456789ab",
    inputs,
  });
  const lane = strategyLane({ ...options, repository: missing });
  expect(await lane.stages["candidate-build"]?.(context)).toMatchObject({
    kind: "failed",
    failure: {
      class: expect.stringMatching(/^(transient|deterministic)$/),
      cause: { name: "GitError" },
    },
  });
});
