/**
 * Lane B: writes a candidate's strategy as code of its own, proves it on the research rows in the sandbox, and
 * pushes it to the run's branch. Nothing that failed its test reaches the repository.
 */
import {
  CandidateSpecArtifact,
  CatalogEntryArtifact,
  DatasetManifest,
  StrategyPluginArtifact,
  TestReportArtifact,
} from "@baton/artifacts";
import {
  defineLane,
  done,
  type LaneDefinition,
  type StageContext,
  StageFailure,
  type StageOutcome,
} from "@baton/lanekit";
import { loadResearchData } from "@baton/market";
import { findPlugin } from "@baton/quant";
import type { Sandbox } from "@baton/sandbox";
import { type GeneratedPlugin, generatePlugin } from "@baton/templates";
import { z } from "zod";

import { runGeneratedTest, secondOpinionLibrary, type TestResult } from "./generated-test.ts";
import { pushStrategy } from "./strategy-branch.ts";
import { type ResearchBars, testDataFor, TESTS } from "./test-data.ts";

/** What lane B is told by its configuration. */
export interface StrategyLaneOptions {
  /** The strategy repository: absolute path or URL. */
  readonly repository: string;
  /** Folder for throw-away clones, of this service alone. */
  readonly scratchDir: string;
  /** Where the generated test is run. */
  readonly sandbox: Sandbox;
  /** Another folder of templates than the built-in one. */
  readonly templates?: string;
}

const text = (content: string) => new TextEncoder().encode(content);

async function tested(
  context: StageContext,
  options: StrategyLaneOptions,
  of: {
    readonly research: CandidateSpecArtifact;
    readonly generated: GeneratedPlugin;
    readonly loaded: readonly ResearchBars[];
  },
): Promise<TestResult[]> {
  const { generated } = of;
  const data = testDataFor(of.research, of.loaded);
  const results = await runGeneratedTest({
    sandbox: options.sandbox,
    signal: context.signal,
    entry: "strategy.test.ts",
    reporter: "line-reporter.ts",
    expectedTests: TESTS.alone + TESTS.perPanel * data.panels.length,
    files: {
      "strategy.ts": generated.source,
      "strategy.test.ts": generated.test,
      "second-opinion.ts": generated.secondOpinion,
      "line-reporter.ts": generated.reporter,
      "catalog-entry.json": JSON.stringify(generated.catalogEntry),
      "data.json": JSON.stringify(data),
    },
  });
  const failed = results.filter(({ result }) => result === "fail");
  const [first] = failed;
  if (first === undefined) return results;
  throw new StageFailure({
    class: "deterministic",
    code: "E_PLUGIN_TEST",
    message: `${failed.length} of ${results.length} generated tests failed, first "${first.name}": ${first.message?.slice(0, 600) ?? "no message"}`,
    action: "Correct the strategy's template in lane B, deploy it, then resume.",
  });
}

function pluginArtifact(
  research: CandidateSpecArtifact,
  runId: string,
  { sourceSha256, testSha256 }: GeneratedPlugin,
): StrategyPluginArtifact {
  const plugin = findPlugin(research.spec.strategy.plugin);
  return StrategyPluginArtifact.parse({
    schemaVersion: "baton.strategy-plugin.v1",
    candidateId: research.candidateId,
    runId,
    plugin: plugin.name,
    scope: plugin.scope,
    sourceSha256,
    testSha256,
    specSha256: research.specSha256,
    parameterSchema: z.toJSONSchema(plugin.Parameters),
    parameterSets: research.trials.map(({ parameters }) => {
      const { warmUpRows, bounds } = plugin.bind(parameters);
      return { parameters, warmUpRows, bounds };
    }),
    fills: "close",
    delayRows: 1,
  });
}

async function reportOf(
  { candidateId, runId }: StageContext,
  { sourceSha256, testSha256 }: GeneratedPlugin,
  of: { readonly loaded: readonly ResearchBars[]; readonly tests: TestResult[] },
): Promise<TestReportArtifact> {
  const { version } = await secondOpinionLibrary();
  return TestReportArtifact.parse({
    schemaVersion: "baton.test-report.v1",
    candidateId,
    runId,
    sourceSha256,
    testSha256,
    datasets: of.loaded.map(({ instrument, sha256, research }) => ({
      instrument,
      sha256,
      research,
    })),
    secondOpinion: version,
    passed: of.tests.length,
    failed: 0,
    tests: of.tests,
  } satisfies TestReportArtifact);
}

async function build(context: StageContext, options: StrategyLaneOptions): Promise<StageOutcome> {
  const startedAt = context.now();
  const research = await context.readJson("research/candidate-spec.json", CandidateSpecArtifact);
  const manifest = await context.readJson("research/dataset-manifest.json", DatasetManifest);
  context.progress("loading data");
  const { universe } = research.spec;
  const loaded = await loadResearchData({ universe, store: context }, manifest);
  context.progress("generating the strategy");
  const generated = await generatePlugin(research, options.templates);
  context.progress("running its test");
  const tests = await tested(context, options, { research, generated, loaded });
  context.progress("pushing its branch");
  const { repository, scratchDir } = options;
  const remote = { repository, cacheDir: scratchDir, signal: context.signal };
  const pushed = await pushStrategy(context, remote, generated);
  const entry = CatalogEntryArtifact.parse(generated.catalogEntry);
  const { runId } = context;
  await context.put("build/plugin-source.ts", text(generated.source));
  await context.put("build/plugin-test.ts", text(generated.test));
  await context.put("build/plugin-second-opinion.ts", text(generated.secondOpinion));
  await context.putJson("build/plugin.json", pluginArtifact(research, runId, generated));
  const report = await reportOf(context, generated, { loaded, tests });
  await context.putJson("build/test-report.json", report);
  await context.putJson("build/catalog-entry.json", entry);
  await context.putJson("observed/build.json", {
    schemaVersion: "baton.observed-build.v1",
    ...pushed,
    runtime: process.version,
    sandbox: options.sandbox.setting,
    startedAt: startedAt.toISOString(),
    milliseconds: context.now().getTime() - startedAt.getTime(),
  });
  return done(
    `${entry.strategyId} ${entry.version} passed ${tests.length} tests and is on ${pushed.branch}`,
  );
}

/** The lane of stage candidate-build. */
export function strategyLane(options: StrategyLaneOptions): LaneDefinition {
  return defineLane({
    lane: "lane-b",
    stages: { "candidate-build": (context) => build(context, options) },
  });
}
