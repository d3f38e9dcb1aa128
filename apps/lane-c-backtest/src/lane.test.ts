import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import {
  CandidateSpecArtifact,
  EvaluationReport,
  FoldMetrics,
  StressMetrics,
  WalkForwardResults,
} from "@baton/artifacts";
import { TEMPLATES } from "@baton/templates";
import {
  createStageContext,
  type RecordedStageContext,
  temporaryFolder,
  testSandbox,
} from "@baton/testkit";
import { afterAll, expect, test } from "vitest";

import { backtestLane, BOOTSTRAP_SAMPLES } from "./lane.ts";
import {
  asArtifacts,
  CANDIDATE,
  RUN,
  sampleBars,
  sampleInputs,
  sampleMarket,
} from "./testing/sample-inputs.ts";

const SERIES = { AAA: sampleBars(1900, 1), BBB: sampleBars(1700, 2, "2002-03-01") };

const folder = temporaryFolder("lane-c");
afterAll(() => folder.remove());
process.env["BATON_NATS_SEED"] = "a seed";
const sandbox = await testSandbox();

interface Setup {
  /** What was submitted; by default what lane A says that it was. */
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly artifacts: Readonly<Record<string, unknown>>;
  /** Folder of templates that lanes B and C make the strategy from. */
  readonly templates?: string;
  readonly series?: Readonly<Record<string, ReturnType<typeof sampleBars>>>;
}

function contextWith({ artifacts, spec }: Setup): RecordedStageContext {
  const research = CandidateSpecArtifact.parse(artifacts["research/candidate-spec.json"]);
  return createStageContext({
    lane: "lane-c",
    stage: "backtest-robustness",
    spec: spec ?? research.spec,
    candidateId: CANDIDATE,
    runId: RUN,
    inputs: artifacts,
  });
}

async function run(setup: Setup, context = contextWith(setup)) {
  const { templates, series = SERIES } = setup;
  const lane = backtestLane({
    market: () => sampleMarket(series),
    sandbox,
    ...(templates !== undefined && { templates }),
  });
  const outcome = await lane.stages["backtest-robustness"]?.(context);
  return { outcome, context };
}

async function failureOf(setup: Setup) {
  const { outcome } = await run(setup);
  if (outcome?.kind !== "failed") throw new Error("the stage should have failed");
  const { class: kind, code, message } = outcome.failure;
  return { class: kind, code, message };
}

const inputs = await sampleInputs({ series: SERIES });

test("A backtest stores four artifacts that name what they were made from, by digest.", async () => {
  const { outcome, context } = await run({ artifacts: asArtifacts(inputs) });
  expect(outcome).toMatchObject({ kind: "done", verdict: "pass" });
  const report = context.outputJson("backtest/evaluation-report.json", EvaluationReport);
  const walk = context.outputJson("backtest/walkforward-results.json", WalkForwardResults);
  const folds = context.outputJson("gates/fold-metrics-v1.json", FoldMetrics);
  const stress = context.outputJson("gates/stress-metrics-v1.json", StressMetrics);
  const given = Object.fromEntries(context.inputs.map(({ name, sha256 }) => [name, sha256]));
  for (const { inputs: named } of [report, walk, folds, stress])
    expect(Object.fromEntries(named.map(({ name, sha256 }) => [name, sha256]))).toMatchObject(
      given,
    );
  expect(report.results.map(({ name }) => name)).toEqual([
    "backtest/walkforward-results.json",
    "gates/fold-metrics-v1.json",
    "gates/stress-metrics-v1.json",
  ]);
  expect(report.trials).toEqual({ declared: 2, used: 2 });
  expect(report.bands.full.samples).toBe(BOOTSTRAP_SAMPLES);
  expect(report.bands.holdout.horizonRows).toBe(100);
  expect(report.reproducibility.plugin).toMatchObject({
    targetsCompared: 2 * (1496 + 1496),
    targetsDiffering: 0,
  });
  expect(folds.leakage).toEqual({ leastGapRows: 5, temporalOrder: true, heldBackRowsSeen: 0 });
  expect(report.outOfSample.figures).toEqual(walk.portfolio.figures);
  expect(stress.base).toEqual(walk.portfolio.figures);
});

test("The same inputs give the same bytes.", async () => {
  const [first, second] = await Promise.all([
    run({ artifacts: asArtifacts(inputs) }),
    run({ artifacts: asArtifacts(inputs) }),
  ]);
  expect([...first.context.outputs.keys()]).toHaveLength(4);
  expect(first.context.outputs).toEqual(second.context.outputs);
});

test("No held-back row decides anything: other prices there give the same figures.", async () => {
  const changed = Object.fromEntries(
    Object.entries(SERIES).map(([instrument, bars]) => [
      instrument,
      bars.map((bar, row) =>
        row < bars.length - 100 ? bar : { ...bar, close: bar.close * 2, high: bar.high * 2 },
      ),
    ]),
  );
  const others = await sampleInputs({ series: changed });
  const [before, after] = await Promise.all([
    run({ artifacts: asArtifacts(inputs) }),
    run({ artifacts: asArtifacts(others), series: changed }),
  ]);
  const figures = ({ context }: typeof before) => {
    const walk = context.outputJson("backtest/walkforward-results.json", WalkForwardResults);
    const report = context.outputJson("backtest/evaluation-report.json", EvaluationReport);
    return [walk.instruments, walk.portfolio, report.bands, report.chosen, report.neighbourhood];
  };
  expect(others.manifest.datasets[0]?.sha256).not.toBe(inputs.manifest.datasets[0]?.sha256);
  expect(figures(after)).toEqual(figures(before));
});

test("Prices that aren't the manifest's are refused.", async () => {
  const other = { ...SERIES, AAA: sampleBars(1900, 7) };
  expect(await failureOf({ artifacts: asArtifacts(inputs), series: other })).toMatchObject({
    class: "deterministic",
    code: "E_DATA_CHANGED",
    message: expect.stringContaining("AAA: sha256 is"),
  });
});

test("J9: data that lane A describes as better than it is isn't backtested.", async () => {
  const [first, ...rest] = inputs.manifest.datasets;
  for (const [key, value] of Object.entries({
    staleOpenRatio: 0,
    nullRate: 1,
    source: "elsewhere",
  })) {
    const manifest = { ...inputs.manifest, datasets: [{ ...first, [key]: value }, ...rest] };
    const artifacts = { ...asArtifacts(inputs), "research/dataset-manifest.json": manifest };
    expect(await failureOf({ artifacts })).toMatchObject({
      code: "E_DATA_CHANGED",
      message: expect.stringContaining(`AAA: ${key} is `),
    });
  }
});

test("A source that can't be read now is tried again.", async () => {
  expect(await failureOf({ artifacts: asArtifacts(inputs), series: {} })).toMatchObject({
    class: "transient",
    code: "E_DATA_UNAVAILABLE",
  });
});

const { research, plugin } = inputs;
const [firstSet, ...otherSets] = plugin.parameterSets;
const [firstData, ...otherData] = research.datasets;

test.each([
  ["fewer declared trials", { ...research, declaredTrials: 1 }],
  ["fewer trials", { ...research, trials: research.trials.slice(0, 1) }],
  ["other costs", { ...research, spec: { ...research.spec, costBps: 0 } }],
  [
    "other data",
    { ...research, datasets: [{ ...firstData, sha256: "0".repeat(64) }, ...otherData] },
  ],
])("A reading of the specification with %s is refused.", async (_, changed) => {
  const artifacts = { ...asArtifacts(inputs), "research/candidate-spec.json": changed };
  const code = changed.datasets === research.datasets ? "E_LINEAGE" : "E_INPUT_MISMATCH";
  expect(await failureOf({ artifacts, spec: inputs.spec })).toMatchObject({ code });
});

test.each([
  ["another specification", { ...plugin, specSha256: "0".repeat(64) }],
  ["another source", { ...plugin, sourceSha256: "0".repeat(64) }],
  ["another candidate", { ...plugin, candidateId: "cand-ffffffffffff" }],
  ["another plugin", { ...plugin, plugin: "tsmom" }],
  ["fewer trials", { ...plugin, parameterSets: [firstSet] }],
  [
    "trials that weren't declared",
    {
      ...plugin,
      parameterSets: [{ ...firstSet, parameters: { fast: 9, slow: 50 } }, ...otherSets],
    },
  ],
])("A plugin built from %s is refused.", async (_, changed) => {
  const artifacts = { ...asArtifacts(inputs), "build/plugin.json": changed };
  expect(await failureOf({ artifacts })).toMatchObject({ class: "policy", code: "E_LINEAGE" });
});

test("A missing input is named.", async () => {
  const { "build/plugin.json": _, ...artifacts } = asArtifacts(inputs);
  expect(await failureOf({ artifacts })).toMatchObject({
    message: expect.stringContaining("build/plugin.json"),
  });
});

/** The built-in templates with one text of sma-cross replaced. */
function templatesWith(name: string, before: string | RegExp, after: string): string {
  const templates = join(folder.path, name.replaceAll(/[^a-z]/g, "-"));
  cpSync(TEMPLATES, templates, { recursive: true });
  const file = join(templates, "sma-cross/strategy.ts");
  const text = readFileSync(file, "utf8");
  const changed = text.replace(before, after);
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
  return templates;
}

test("A built plugin that asks for other weights than the library's is refused, with the first row.", async () => {
  const templates = templatesWith("other weights", "fast > slow ? 1 : 0", "fast > slow ? 0.5 : 0");
  const other = await sampleInputs({ series: SERIES, templates });
  expect(await failureOf({ artifacts: asArtifacts(other), templates })).toMatchObject({
    class: "deterministic",
    code: "E_PLUGIN_DIFFERS",
    message: expect.stringMatching(/AAA, .*"fast":10.*in \d+ of 1496 rows.*built 0.5, expected 1/),
  });
});

const reaching = (what: string) =>
  `await import("node:fs").then((fs) => ${what});\nexport const name`;

test.each([
  ["doesn't parse", "export const name", "export cosnt name"],
  ["imports a package", "export const name", 'import "zod";\nexport const name'],
  ["calls itself something else", '"sma-cross"', '"tsmom"'],
  ["throws", "if (row < warm", 'throw new Error("no");\n  if (row < warm'],
  ["reads a file of the user's", "export const name", reaching('fs.readFileSync("/etc/hostname")')],
  [
    "reads its process's environment",
    "export const name",
    reaching('fs.readFileSync("/proc/self/environ")'),
  ],
  ["writes a file", "export const name", reaching('fs.writeFileSync("x", "")')],
  [
    "starts a program",
    "export const name",
    '(await import("node:child_process")).execFileSync("true");\nexport const name',
  ],
  [
    "doesn't find its lane's seed in its environment",
    "export const name",
    "if (process.env.BATON_NATS_SEED === undefined) throw new Error('nothing');\nexport const name",
  ],
])("A built plugin that %s is refused.", async (what, before, after) => {
  const templates = templatesWith(what, before, after);
  const other = await sampleInputs({ series: SERIES, templates });
  expect(await failureOf({ artifacts: asArtifacts(other), templates })).toMatchObject({
    class: "deterministic",
    code: "E_PLUGIN_SOURCE",
  });
});

test("J9: what lane B stored is never run: another source, or test, than template and specification give is refused", async () => {
  const { source } = inputs;
  const mark = join(folder.path, "it-ran");
  const foreign = `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(mark)}, "");\n${source}`;
  const sourceSha256 = createHash("sha256").update(foreign).digest("hex");
  const stored = {
    ...asArtifacts(inputs),
    "build/plugin.json": { ...inputs.plugin, sourceSha256 },
    "build/plugin-source.ts": foreign,
  };
  const refused = { class: "policy", code: "E_PLUGIN_FOREIGN" };
  expect(await failureOf({ artifacts: stored })).toMatchObject(refused);
  expect(existsSync(mark)).toBe(false);
  const untested = { ...inputs.plugin, testSha256: "0".repeat(64) };
  const artifacts = { ...asArtifacts(inputs), "build/plugin.json": untested };
  expect(await failureOf({ artifacts })).toMatchObject(refused);
});

test("Too little data is the specification's fault and isn't tried again.", async () => {
  const series = { AAA: sampleBars(1000) };
  expect(
    await failureOf({ artifacts: asArtifacts(await sampleInputs({ series })), series }),
  ).toMatchObject({ class: "spec", code: "E_INVALID" });
});

test("A stop ends the computation at once and stores nothing.", async () => {
  const context = contextWith({ artifacts: asArtifacts(inputs) });
  const stopping = {
    ...context,
    progress: (step: string) => {
      if (step.startsWith("trial 1")) context.abort();
    },
  };
  const lane = backtestLane({ market: () => sampleMarket(SERIES), sandbox });
  const work = lane.stages["backtest-robustness"]?.(stopping);
  await expect(work).rejects.toThrow("stopped by the test");
  expect(context.outputs.size).toBe(0);
});

test("Work is told about while it goes on.", async () => {
  const { context } = await run({ artifacts: asArtifacts(inputs) });
  expect(context.steps).toEqual([
    "reading inputs",
    "trial 1 of 2",
    "trial 2 of 2",
    "walk-forward",
    "portfolio and stress",
    "neighbourhood",
    "bootstrap",
    "running the built strategy",
    "storing artifacts",
  ]);
});
