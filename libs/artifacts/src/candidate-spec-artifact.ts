/** `research/candidate-spec.json`: the candidate as lane A understood it, written down before anything is backtested. */
import { CandidateId, RunId, Sha256, Stage } from "@baton/contracts";
import { z } from "zod";

import { CandidateSpec, Parameters } from "./candidate-spec.ts";
import { DatasetRange } from "./dataset-manifest.ts";

/** Something computed from the bars, and how many rows before the current one it looks back. */
export const Feature = z.object({
  name: z.string().min(1).max(80),
  definition: z.string().min(1).max(300),
  lookbackRows: z.int().min(0),
});
export type Feature = z.infer<typeof Feature>;

/** One declared trial: a parameter set with the plugin's defaults filled in. */
export const DeclaredTrial = z.object({
  index: z.int().min(0),
  parameters: Parameters,
  /** First rows in which the strategy stays flat. */
  warmUpRows: z.int().min(0),
  features: z.array(Feature).min(1),
});
export type DeclaredTrial = z.infer<typeof DeclaredTrial>;

/** An earlier run that came back, with lane A's answer to each reason. */
export const FeedbackAnswer = z.object({
  runId: RunId,
  stage: Stage,
  answers: z.array(z.object({ reason: z.string(), response: z.string().min(1) })),
});
export type FeedbackAnswer = z.infer<typeof FeedbackAnswer>;

/** The normalised candidate; `sha256` of the normalised spec is what later artifacts are bound to. */
export const CandidateSpecArtifact = z.object({
  schemaVersion: z.literal("baton.candidate-spec.v1"),
  candidateId: CandidateId,
  runId: RunId,
  iteration: z.int().min(0),
  /** SHA-256 over the canonical JSON of `spec`. */
  specSha256: Sha256,
  spec: CandidateSpec,
  /** Declared before any backtest, in the order in which they are tried. */
  trials: z.array(DeclaredTrial).min(1),
  /** Number of trials that a deflated Sharpe ratio has to be told of. */
  declaredTrials: z.int().positive(),
  /** What would prove the thesis wrong, as a sentence. */
  falsifiedIf: z.string().min(1),
  /** In the order of the universe; particulars are in `research/dataset-manifest.json`. */
  datasets: z
    .array(
      z.object({
        instrument: z.string(),
        sha256: Sha256,
        research: DatasetRange,
        holdout: DatasetRange,
      }),
    )
    .min(1),
  fills: z.literal("close"),
  /** Rows from the close at which a signal is known to the close at which it is held. */
  delayRows: z.literal(1),
  feedback: z.array(FeedbackAnswer),
});
export type CandidateSpecArtifact = z.infer<typeof CandidateSpecArtifact>;
