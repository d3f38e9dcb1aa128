/** The part of the audit evidence that is the same on every rerun. */
import {
  type AuditManifest,
  CandidateSpecArtifact,
  DatasetManifest,
  EvaluationReport,
  GateReport,
  StrategyPluginArtifact,
} from "@baton/artifacts";
import { REQUIRED_SECTIONS } from "@baton/audit";
import type { ArtifactRef } from "@baton/contracts";
import type { StageContext } from "@baton/lanekit";

import { readIfThere, RESEARCH } from "./run-inputs.ts";

const PATCH = "paper-candidate/strategy-configmap-patch.yaml";

/** True for artifacts whose bytes depend on the clock. */
function isObserved({ name }: Pick<ArtifactRef, "name">): boolean {
  return name.startsWith("observed/");
}

/** Gathers the manifest from the run's artifacts; a stage that the run didn't get to leaves its part empty. */
export async function gatherAuditManifest(context: StageContext): Promise<AuditManifest> {
  const inputs = context.inputs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const research = await readIfThere(context, RESEARCH, CandidateSpecArtifact);
  const datasets = await readIfThere(context, "research/dataset-manifest.json", DatasetManifest);
  const plugin = await readIfThere(context, "build/plugin.json", StrategyPluginArtifact);
  const evaluation = await readIfThere(
    context,
    "backtest/evaluation-report.json",
    EvaluationReport,
  );
  const gates: AuditManifest["gates"] = [];
  for (const input of inputs) {
    const gate = isObserved(input) ? undefined : await readGate(context, input);
    if (gate) gates.push(gate);
  }
  return {
    schemaVersion: "baton.audit-manifest.v1",
    candidateId: context.candidateId,
    runId: context.runId,
    sections: [...REQUIRED_SECTIONS],
    artifacts: inputs.filter((input) => !isObserved(input)),
    observed: inputs.filter(isObserved).map(({ name }) => name),
    gates,
    datasets: (datasets?.datasets ?? []).map(({ instrument, sha256, rows, source }) => ({
      instrument,
      sha256,
      rows,
      source,
    })),
    code: {
      specSha256: research?.specSha256 ?? null,
      pluginSourceSha256: plugin?.sourceSha256 ?? null,
      pluginTestSha256: plugin?.testSha256 ?? null,
      backtestSha256: evaluation?.reproducibility.code ?? null,
      runtime: evaluation?.reproducibility.runtime ?? null,
    },
    configPatchSha256: inputs.find(({ name }) => name === PATCH)?.sha256 ?? null,
  };
}

async function readGate(
  context: StageContext,
  { name, sha256 }: ArtifactRef,
): Promise<AuditManifest["gates"][number] | undefined> {
  // Folder `gates/` also holds metrics; only gate reports have verdicts.
  if (!name.startsWith("gates/") || !name.endsWith(".json")) return undefined;
  const value: unknown = JSON.parse(new TextDecoder().decode(await context.read(name)));
  const parsed = GateReport.safeParse(value);
  if (!parsed.success) return undefined;
  const { stage, policyVersion, verdict, gates } = parsed.data;
  return { artifact: name, sha256, stage, policyVersion, verdict, gates };
}
