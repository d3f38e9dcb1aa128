/** What a gate evaluation may look at: artifacts of the run by name and digest, nothing else. */
import {
  CandidateSpecArtifact,
  CatalogEntryArtifact,
  DatasetManifest,
  EvaluationReport,
  FoldMetrics,
  type InputDigest,
  StrategyPluginArtifact,
  StressMetrics,
  TestReportArtifact,
  WalkForwardResults,
} from "@baton/artifacts";
import type { ArtifactRef, CandidateId, Stage } from "@baton/contracts";
import type { StageContext } from "@baton/lanekit";
import type { z } from "zod";

/** One artifact; `found` is undefined if the run has none of that name. */
export interface Source<T> {
  readonly name: string;
  readonly found: { readonly value: T; readonly ref: ArtifactRef } | undefined;
}

/** All that the gates read, and which stages of the run have left artifacts. */
export interface Evidence {
  readonly candidateId: CandidateId;
  readonly research: Source<CandidateSpecArtifact>;
  readonly manifest: Source<DatasetManifest>;
  readonly plugin: Source<StrategyPluginArtifact>;
  readonly tests: Source<TestReportArtifact>;
  readonly catalog: Source<CatalogEntryArtifact>;
  readonly walkForward: Source<WalkForwardResults>;
  readonly folds: Source<FoldMetrics>;
  readonly stress: Source<StressMetrics>;
  readonly evaluation: Source<EvaluationReport>;
  readonly refs: readonly ArtifactRef[];
  readonly stages: ReadonlySet<Stage>;
}

/**
 * Reads the evidence. An artifact that the run doesn't have is left out, and fails the gates that need it; one that
 * can't be read or doesn't fit its schema throws the context's StageFailure, as nobody can say what it would show.
 */
export async function readEvidence(context: StageContext): Promise<Evidence> {
  const source = async <T>(name: string, schema: z.ZodType<T>): Promise<Source<T>> => {
    const ref = context.inputs.find((input) => input.name === name);
    if (ref === undefined) return { name, found: undefined };
    return { name, found: { value: await context.readJson(name, schema), ref } };
  };
  return {
    candidateId: context.candidateId,
    research: await source("research/candidate-spec.json", CandidateSpecArtifact),
    manifest: await source("research/dataset-manifest.json", DatasetManifest),
    plugin: await source("build/plugin.json", StrategyPluginArtifact),
    tests: await source("build/test-report.json", TestReportArtifact),
    catalog: await source("build/catalog-entry.json", CatalogEntryArtifact),
    walkForward: await source("backtest/walkforward-results.json", WalkForwardResults),
    folds: await source("gates/fold-metrics-v1.json", FoldMetrics),
    stress: await source("gates/stress-metrics-v1.json", StressMetrics),
    evaluation: await source("backtest/evaluation-report.json", EvaluationReport),
    refs: context.inputs,
    stages: new Set(context.inputs.map(({ stage }) => stage)),
  };
}

/** Name and digest of a source, if it is there. */
export function sourceDigests(sources: readonly Source<unknown>[]): InputDigest[] {
  return sources.flatMap(({ name, found }) =>
    found === undefined ? [] : [{ name, sha256: found.ref.sha256 }],
  );
}
