/** What the stages before left in the run, and that it is about one and the same strategy. */
import {
  CandidateSpecArtifact,
  CatalogEntryArtifact,
  DatasetManifest,
  EvaluationReport,
  type InputDigest,
  StrategyPluginArtifact,
  TestReportArtifact,
} from "@baton/artifacts";
import { inputDigests, type StageContext, StageFailure } from "@baton/lanekit";

/** Artifacts that a rollout is computed from. */
export interface RolloutInputs {
  readonly research: CandidateSpecArtifact;
  readonly manifest: DatasetManifest;
  readonly plugin: StrategyPluginArtifact;
  readonly tests: TestReportArtifact;
  readonly catalog: CatalogEntryArtifact;
  readonly evaluation: EvaluationReport;
  readonly digests: readonly InputDigest[];
}

const NAMES = [
  "research/candidate-spec.json",
  "research/dataset-manifest.json",
  "build/plugin.json",
  "build/test-report.json",
  "build/catalog-entry.json",
  "backtest/evaluation-report.json",
] as const;

/** Reads them; throws the context's StageFailure for one that is missing or doesn't fit its schema. */
export async function readRolloutInputs(context: StageContext): Promise<RolloutInputs> {
  const [research, manifest, plugin, tests, catalog, evaluation] = await Promise.all([
    context.readJson("research/candidate-spec.json", CandidateSpecArtifact),
    context.readJson("research/dataset-manifest.json", DatasetManifest),
    context.readJson("build/plugin.json", StrategyPluginArtifact),
    context.readJson("build/test-report.json", TestReportArtifact),
    context.readJson("build/catalog-entry.json", CatalogEntryArtifact),
    context.readJson("backtest/evaluation-report.json", EvaluationReport),
  ]);
  const digests = inputDigests(context, NAMES);
  return { research, manifest, plugin, tests, catalog, evaluation, digests };
}

/** Where the artifacts contradict each other or this candidate, as sentences; none if they belong together. */
export function lineageProblems(context: StageContext, inputs: RolloutInputs): string[] {
  const { research, manifest, plugin, tests, catalog, evaluation } = inputs;
  const { candidateId } = context;
  const source = plugin.sourceSha256;
  const built = evaluation.reproducibility.plugin;
  const checks: readonly (readonly [boolean, string])[] = [
    ...[research, manifest, plugin, tests, evaluation].map(
      (artifact) =>
        [
          artifact.candidateId === candidateId,
          `${artifact.schemaVersion} is about ${artifact.candidateId}, not ${candidateId}`,
        ] as const,
    ),
    [tests.sourceSha256 === source, "the tested source isn't the built one"],
    [catalog.sourceSha256 === source, "the catalogue's source isn't the built one"],
    [built.source === source, "the backtested source isn't the built one"],
    [
      built.targetsDiffering === 0,
      `${built.targetsDiffering} targets of the built source differ from the backtested ones`,
    ],
    [built.targetsCompared > 0, "the built source was never compared with the backtested targets"],
    [plugin.specSha256 === research.specSha256, "the plugin was built from another specification"],
    [
      evaluation.reproducibility.spec === research.specSha256,
      "the backtest is of another specification",
    ],
    [tests.tests.every(({ result }) => result === "pass"), "a test of the plugin failed"],
  ];
  return checks.filter(([holds]) => !holds).map(([, problem]) => problem);
}

/** Throws a deterministic StageFailure if the artifacts don't belong together. */
export function requireLineage(context: StageContext, inputs: RolloutInputs): void {
  const [problem] = lineageProblems(context, inputs);
  if (problem === undefined) return;
  throw new StageFailure({
    class: "deterministic",
    code: "E_INPUT_MISMATCH",
    message: problem,
    action: "Resume from research-intake, so that the artifacts are made again from one another.",
  });
}
