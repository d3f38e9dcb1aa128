/** What lane B hands on: `build/plugin.json`, `build/test-report.json` and `build/catalog-entry.json`. */
import { CandidateId, RunId, Sha256 } from "@baton/contracts";
import { z } from "zod";

import { Parameters } from "./candidate-spec.ts";
import { DatasetRange } from "./dataset-manifest.ts";

/** A day's prices as a strategy sees them. */
export interface StrategyBar {
  readonly date: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/**
 * What `build/plugin-source.ts` exports: TypeScript that Node runs as it is (erasable syntax), importing nothing.
 * A history is `history[instrument][row]`, all series over the same dates. `target` sees the history up to and
 * including row t and gives one target weight per instrument, known at the close of t; `targets` gives the same for
 * every row, `targets[instrument][row]`. Parameters are one of the plugin's parameter sets.
 */
export interface StrategySource {
  readonly name: string;
  readonly warmUpRows: (parameters: Readonly<Record<string, number>>) => number;
  readonly target: (
    history: readonly (readonly StrategyBar[])[],
    parameters: Readonly<Record<string, number>>,
  ) => number[];
  readonly targets: (
    history: readonly (readonly StrategyBar[])[],
    parameters: Readonly<Record<string, number>>,
  ) => number[][];
}

/** One parameter set of the built plugin, in the order of the declared trials. */
export const BuiltParameterSet = z.object({
  parameters: Parameters,
  warmUpRows: z.int().min(0),
  /** Least and largest weight per instrument. */
  bounds: z.object({ least: z.number(), most: z.number() }),
});
export type BuiltParameterSet = z.infer<typeof BuiltParameterSet>;

/** `build/plugin.json`: what was built, by digest. */
export const StrategyPluginArtifact = z.object({
  schemaVersion: z.literal("baton.strategy-plugin.v1"),
  candidateId: CandidateId,
  runId: RunId,
  /** Kind of strategy, as the quant library names it. */
  plugin: z.string().min(1),
  /** Whether it trades exactly one instrument or any number that share their dates. */
  scope: z.enum(["one", "many"]),
  /** SHA-256 of `build/plugin-source.ts`: the identity of the strategy from here on. */
  sourceSha256: Sha256,
  /** SHA-256 of the generated test that it passed. */
  testSha256: Sha256,
  /** Of `research/candidate-spec.json`'s normalised spec. */
  specSha256: Sha256,
  /** JSON Schema of one parameter set. */
  parameterSchema: z.record(z.string(), z.unknown()),
  parameterSets: z.array(BuiltParameterSet).min(1),
  fills: z.literal("close"),
  delayRows: z.literal(1),
});
export type StrategyPluginArtifact = z.infer<typeof StrategyPluginArtifact>;

/** `build/test-report.json`: names and results of the generated test; no durations, so that it is the same on a rerun. */
export const TestReportArtifact = z.object({
  schemaVersion: z.literal("baton.test-report.v1"),
  candidateId: CandidateId,
  runId: RunId,
  sourceSha256: Sha256,
  testSha256: Sha256,
  /** What the test saw per instrument: never a row of the holdout. */
  datasets: z
    .array(z.object({ instrument: z.string(), sha256: Sha256, research: DatasetRange }))
    .min(1),
  /** Library that gave the second opinion, with its version. */
  secondOpinion: z.string().min(1),
  passed: z.int().min(0),
  failed: z.int().min(0),
  tests: z
    .array(
      z.object({
        name: z.string().min(1),
        result: z.enum(["pass", "fail"]),
        message: z.string().nullable(),
      }),
    )
    .min(1),
});
export type TestReportArtifact = z.infer<typeof TestReportArtifact>;

/** `build/catalog-entry.json`: how the strategy is listed. */
export const CatalogEntryArtifact = z.object({
  schemaVersion: z.literal("baton.catalog-entry.v1"),
  /** Name of the strategy in catalogs and configuration; the same over all runs of a candidate. */
  strategyId: z.string().min(1).max(120),
  /** First 12 hex of the source's digest. */
  version: z.string().regex(/^[0-9a-f]{12}$/),
  title: z.string().min(1).max(80),
  plugin: z.string().min(1),
  instruments: z.array(z.string()).min(1),
  /** Path of the source in the strategy repository. */
  path: z.string().min(1),
  sourceSha256: Sha256,
  parameterSets: z.array(Parameters).min(1),
});
export type CatalogEntryArtifact = z.infer<typeof CatalogEntryArtifact>;
