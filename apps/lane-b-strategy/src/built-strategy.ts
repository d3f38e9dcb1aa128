/** What lane B makes of a specification, whether its strategy is one of the library's or somebody's own. */
import type { CandidateSpecArtifact, CatalogEntryArtifact } from "@baton/artifacts";
import type { Sandbox } from "@baton/sandbox";

import type { TestResult } from "./generated-test.ts";
import type { ResearchBars } from "./test-data.ts";

/** A strategy that passed its tests. */
export interface BuiltStrategy {
  readonly source: string;
  readonly sourceSha256: string;
  /** Of what it was tested with. */
  readonly testSha256: string;
  /** What gave the second opinion, with its version. */
  readonly secondOpinion: string;
  readonly catalogEntry: CatalogEntryArtifact;
  /** What is committed and stored beside the source, by name. */
  readonly beside: Readonly<Record<string, string>>;
  readonly tests: readonly TestResult[];
}

/** What a strategy is built from. */
export interface BuildInputs {
  readonly research: CandidateSpecArtifact;
  readonly loaded: readonly ResearchBars[];
  readonly sandbox: Sandbox;
}
