/** What lanes A and B handed on; each was held against the dispatch when it was read. */
import {
  CandidateSpecArtifact,
  DatasetManifest,
  type InputDigest,
  type Parameters,
  StrategyPluginArtifact,
} from "@baton/artifacts";
import { type StageContext, StageFailure } from "@baton/lanekit";

/** Artifacts of the stages before that a backtest reads. */
const INPUT_NAMES = [
  "research/candidate-spec.json",
  "research/dataset-manifest.json",
  "build/plugin.json",
  "build/plugin-source.ts",
] as const;

/** All of them. */
export interface ResearchInputs {
  readonly research: CandidateSpecArtifact;
  readonly manifest: DatasetManifest;
  readonly plugin: StrategyPluginArtifact;
  readonly digests: InputDigest[];
}

/** Reads and checks the inputs; throws a StageFailure that says what doesn't fit. */
export async function readResearchInputs(context: StageContext): Promise<ResearchInputs> {
  const [research, manifest, plugin] = await Promise.all([
    context.readJson("research/candidate-spec.json", CandidateSpecArtifact),
    context.readJson("research/dataset-manifest.json", DatasetManifest),
    context.readJson("build/plugin.json", StrategyPluginArtifact),
  ]);
  const digests = INPUT_NAMES.flatMap((name) => {
    const ref = context.inputs.find((input) => input.name === name);
    return ref === undefined ? [] : [{ name, sha256: ref.sha256 }];
  });
  const inputs = { research, manifest, plugin, digests };
  requireSameData(inputs);
  return inputs;
}

/** Both name the data that the candidate is judged on, by digest; lane A wrote both. */
function requireSameData({ research, manifest }: ResearchInputs): void {
  for (const { instrument, sha256 } of research.datasets) {
    const other = manifest.datasets.find((dataset) => dataset.instrument === instrument)?.sha256;
    if (other === sha256) continue;
    throw new StageFailure({
      class: "deterministic",
      code: "E_INPUT_MISMATCH",
      message: `${instrument}: the specification was declared on data ${sha256}, the manifest has ${other ?? "none"}`,
      action: "Resume from research-intake, so that the artifacts are made again from one another.",
    });
  }
}

/** The parameter sets that will be tried: exactly those that were declared, in their order. */
export function trialGrid({ research }: ResearchInputs): Parameters[] {
  return research.trials.map(({ parameters }) => parameters);
}
