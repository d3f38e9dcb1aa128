import { createHash } from "node:crypto";

import {
  type CandidateSpec,
  CandidateSpecArtifact,
  DatasetManifest,
  type DeclaredTrial,
} from "@baton/artifacts";
import { canonicalJson } from "@baton/contracts";
import type { StageContext } from "@baton/lanekit";
import { type CandidateData, manifestOf as described } from "@baton/market";

import { answersTo } from "./feedback-answers.ts";

const METRICS: Readonly<Record<CandidateSpec["expectation"]["metric"], string>> = {
  sharpe: "Sharpe ratio per year",
  cagr: "growth per year",
  maxDrawdown: "maximum drawdown",
};

function falsifiedIf({ metric, atLeast }: CandidateSpec["expectation"]): string {
  return `the walk-forward's out-of-sample ${METRICS[metric]} is below ${atLeast}`;
}

/** `research/dataset-manifest.json` */
export function manifestOf(
  { candidateId, runId }: StageContext,
  { holdoutRows }: CandidateSpec,
  loaded: CandidateData,
): DatasetManifest {
  return DatasetManifest.parse({
    schemaVersion: "baton.dataset-manifest.v1",
    candidateId,
    runId,
    ...described(loaded, holdoutRows),
    fills: "close",
  } satisfies DatasetManifest);
}

/** `research/candidate-spec.json` */
export function researchOf(
  { candidateId, runId, iteration, feedback }: StageContext,
  of: {
    readonly spec: CandidateSpec;
    readonly trials: DeclaredTrial[];
    readonly manifest: DatasetManifest;
  },
): CandidateSpecArtifact {
  return CandidateSpecArtifact.parse({
    schemaVersion: "baton.candidate-spec.v1",
    candidateId,
    runId,
    iteration,
    specSha256: createHash("sha256").update(canonicalJson(of.spec)).digest("hex"),
    spec: of.spec,
    trials: of.trials,
    declaredTrials: of.trials.length,
    falsifiedIf: falsifiedIf(of.spec.expectation),
    datasets: of.manifest.datasets.map(({ instrument, sha256, research, holdout }) => ({
      instrument,
      sha256,
      research,
      holdout,
    })),
    fills: "close",
    delayRows: 1,
    feedback: answersTo(feedback),
  } satisfies CandidateSpecArtifact);
}
