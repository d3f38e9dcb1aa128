/** What lanes A and B handed on, and the check that it belongs together and that every trial was declared. */
import { createHash } from "node:crypto";

import {
  CandidateSpecArtifact,
  canonicalJson,
  DatasetManifest,
  type InputDigest,
  type Parameters,
  StrategyPluginArtifact,
} from "@baton/contracts";
import { type StageContext, StageFailure } from "@baton/lanekit";

/** Artifacts of the stages before that a backtest reads. */
const INPUT_NAMES = [
  "research/candidate-spec.json",
  "research/dataset-manifest.json",
  "build/plugin.json",
  "build/plugin-source.ts",
] as const;

/** All of them, checked against each other. */
export interface ResearchInputs {
  readonly research: CandidateSpecArtifact;
  readonly manifest: DatasetManifest;
  readonly plugin: StrategyPluginArtifact;
  readonly source: string;
  readonly digests: InputDigest[];
}

function changed(message: string): StageFailure {
  return new StageFailure({
    class: "deterministic",
    code: "E_INPUT_MISMATCH",
    message,
    action: "Resume from research-intake, so that the artifacts are made again from one another.",
  });
}

/** Reads and checks the inputs; throws a StageFailure that says which two don't fit. */
export async function readResearchInputs(context: StageContext): Promise<ResearchInputs> {
  const [research, manifest, plugin, source] = await Promise.all([
    context.readJson("research/candidate-spec.json", CandidateSpecArtifact),
    context.readJson("research/dataset-manifest.json", DatasetManifest),
    context.readJson("build/plugin.json", StrategyPluginArtifact),
    context.read("build/plugin-source.ts"),
  ]);
  const digests = INPUT_NAMES.flatMap((name) => {
    const ref = context.inputs.find((input) => input.name === name);
    return ref === undefined ? [] : [{ name, sha256: ref.sha256 }];
  });
  const inputs = { research, manifest, plugin, source: new TextDecoder().decode(source), digests };
  requireSameCandidate(context, inputs);
  requireOneLineage(inputs);
  requireDeclaredTrials(inputs);
  return inputs;
}

function requireSameCandidate(
  { candidateId }: StageContext,
  { research, manifest, plugin }: ResearchInputs,
): void {
  const other = [research, manifest, plugin].find((part) => part.candidateId !== candidateId);
  if (other === undefined) return;
  throw changed(
    `${other.schemaVersion} is about candidate ${other.candidateId}, not ${candidateId}`,
  );
}

function requireOneLineage({ research, manifest, plugin, digests }: ResearchInputs): void {
  const spec = createHash("sha256").update(canonicalJson(research.spec)).digest("hex");
  if (spec !== research.specSha256)
    throw changed(
      `research/candidate-spec.json says its specification has SHA-256 ${research.specSha256}, it has ${spec}`,
    );
  if (plugin.specSha256 !== spec)
    throw changed(
      `build/plugin.json was built from specification ${plugin.specSha256}, not ${spec}`,
    );
  const source = digests.find(({ name }) => name === "build/plugin-source.ts")?.sha256;
  if (plugin.sourceSha256 !== source)
    throw changed(
      `build/plugin.json names source ${plugin.sourceSha256}, the run's is ${source ?? "missing"}`,
    );
  if (plugin.plugin !== research.spec.strategy.plugin)
    throw changed(`the built plugin is "${plugin.plugin}", not "${research.spec.strategy.plugin}"`);
  for (const { instrument, sha256 } of research.datasets) {
    const other = manifest.datasets.find((dataset) => dataset.instrument === instrument)?.sha256;
    if (other !== sha256)
      throw changed(
        `${instrument}: the specification was declared on data ${sha256}, the manifest has ${other ?? "none"}`,
      );
  }
}

/** The parameter sets that will be tried: exactly those that were declared, in their order. */
export function trialGrid({ research }: ResearchInputs): Parameters[] {
  return research.trials.map(({ parameters }) => parameters);
}

/** A deflated Sharpe ratio is only worth something if nothing was tried that wasn't declared. */
function requireDeclaredTrials(inputs: ResearchInputs): void {
  const { research, plugin } = inputs;
  const declared = research.declaredTrials;
  const grid = trialGrid(inputs);
  const built = plugin.parameterSets.map(({ parameters }) => canonicalJson(parameters));
  const undeclared = built.findIndex((set, k) => set !== canonicalJson(grid[k] ?? null));
  const asked = research.spec.strategy.grid.length;
  if (
    declared === grid.length &&
    declared === asked &&
    declared === built.length &&
    undeclared === -1
  )
    return;
  throw new StageFailure({
    class: "policy",
    code: "E_TRIALS_MISMATCH",
    message: `${declared} trials were declared, but ${grid.length} are listed, ${asked} asked for and ${built.length} built${undeclared === -1 ? "" : `; built set ${undeclared} was never declared`}`,
    action:
      "Declare every trial in the specification's grid before the backtest, and submit again.",
  });
}
