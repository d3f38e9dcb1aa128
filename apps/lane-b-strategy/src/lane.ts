/**
 * Lane B: takes a candidate's strategy as code of its own, the library's or somebody's, proves it on the research rows in the
 * sandbox, and pushes it to the run's branch. Nothing that failed its tests reaches the repository.
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
  type Executor,
  type LaneDefinition,
  type StageContext,
  type StageOutcome,
} from "@baton/lanekit";
import { loadResearchData } from "@baton/market";
import { AUTHORED, strategyKind } from "@baton/quant";
import type { Sandbox } from "@baton/sandbox";
import { z } from "zod";

import { buildAuthoredStrategy } from "./authored-strategy.ts";
import type { BuiltStrategy } from "./built-strategy.ts";
import { buildLibraryStrategy } from "./library-strategy.ts";
import { pushStrategy } from "./strategy-branch.ts";
import type { ResearchBars } from "./test-data.ts";

/** What lane B is told by its configuration. */
export interface StrategyLaneOptions {
  /** The strategy repository: absolute path or URL. */
  readonly repository: string;
  /** Folder for throw-away clones, of this service alone. */
  readonly scratchDir: string;
  /** Where strategies and their tests are run. */
  readonly sandbox: Sandbox;
  /** Who writes strategies where the playbook gives that to a program; undefined: nobody here. */
  readonly executor?: Executor | undefined;
  /** Another folder of templates than the built-in one. */
  readonly templates?: string;
}

const text = (content: string) => new TextEncoder().encode(content);

function pluginArtifact(
  research: CandidateSpecArtifact,
  runId: string,
  { sourceSha256, testSha256 }: BuiltStrategy,
): StrategyPluginArtifact {
  const plugin = strategyKind(research.spec.strategy);
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

function reportOf(
  { candidateId, runId }: StageContext,
  { sourceSha256, testSha256, secondOpinion, tests }: BuiltStrategy,
  loaded: readonly ResearchBars[],
): TestReportArtifact {
  return TestReportArtifact.parse({
    schemaVersion: "baton.test-report.v1",
    candidateId,
    runId,
    sourceSha256,
    testSha256,
    datasets: loaded.map(({ instrument, sha256, research }) => ({
      instrument,
      sha256,
      research,
    })),
    secondOpinion,
    passed: tests.length,
    failed: 0,
    tests: [...tests],
  } satisfies TestReportArtifact);
}

async function build(context: StageContext, options: StrategyLaneOptions): Promise<StageOutcome> {
  const startedAt = context.now();
  const research = await context.readJson("research/candidate-spec.json", CandidateSpecArtifact);
  const manifest = await context.readJson("research/dataset-manifest.json", DatasetManifest);
  context.progress("loading data");
  const { universe } = research.spec;
  const loaded = await loadResearchData({ universe, store: context }, manifest);
  const { repository, scratchDir, sandbox, templates, executor } = options;
  const remote = { repository, cacheDir: scratchDir, signal: context.signal };
  const inputs = { research, loaded, sandbox };
  const isAuthored = research.spec.strategy.plugin === AUTHORED;
  const built = isAuthored
    ? await buildAuthoredStrategy(context, inputs, { remote, executor })
    : await buildLibraryStrategy(context, inputs, templates);
  context.progress("pushing its branch");
  const pushed = await pushStrategy(context, remote, built);
  const entry = CatalogEntryArtifact.parse(built.catalogEntry);
  await context.put("build/plugin-source.ts", text(built.source));
  for (const [name, content] of Object.entries(built.beside))
    await context.put(`build/plugin-${name}`, text(content));
  await context.putJson("build/plugin.json", pluginArtifact(research, context.runId, built));
  await context.putJson("build/test-report.json", reportOf(context, built, loaded));
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
    `${entry.strategyId} ${entry.version} passed ${built.tests.length} tests and is on ${pushed.branch}`,
  );
}

/** The lane of stage candidate-build. */
export function strategyLane(options: StrategyLaneOptions): LaneDefinition {
  return defineLane({
    lane: "lane-b",
    stages: { "candidate-build": (context) => build(context, options) },
  });
}
