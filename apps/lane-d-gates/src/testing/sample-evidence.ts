/** Evidence of a candidate that passes every gate, for tests that then take something away. */
import type { ArtifactRef } from "@baton/contracts";

import type { Evidence, Source } from "../evidence.ts";
import { evaluation, folds, stress, walkForward } from "./sample-backtest.ts";
import { CANDIDATE, EVIDENCE_NAMES, type EvidenceName, NAMES, RUN } from "./sample-identity.ts";
import { catalog, manifest, plugin, research, tests } from "./sample-research.ts";

const VALUES = {
  research,
  manifest,
  plugin,
  tests,
  catalog,
  walkForward,
  folds,
  stress,
  evaluation,
};
/** The sample's artifacts by the name of the evidence. */
export type SampleValues = typeof VALUES;

/** A copy of the sample's artifacts that may be changed. */
export function sampleValues(): SampleValues {
  return structuredClone(VALUES);
}

/** Evidence from these artifacts; `without` are missing from the run. */
export function evidenceOf(
  values: SampleValues = VALUES,
  { without = [], stages = [] }: { without?: readonly EvidenceName[]; stages?: string[] } = {},
): Evidence {
  const refs = EVIDENCE_NAMES.filter((name) => !without.includes(name)).map(refOf);
  const source = <T>(name: EvidenceName, value: T): Source<T> => ({
    name: NAMES[name][0],
    found: without.includes(name) ? undefined : { value, ref: refOf(name) },
  });
  return {
    candidateId: CANDIDATE,
    research: source("research", values.research),
    manifest: source("manifest", values.manifest),
    plugin: source("plugin", values.plugin),
    tests: source("tests", values.tests),
    catalog: source("catalog", values.catalog),
    walkForward: source("walkForward", values.walkForward),
    folds: source("folds", values.folds),
    stress: source("stress", values.stress),
    evaluation: source("evaluation", values.evaluation),
    refs,
    stages: new Set(["research-intake", "candidate-build", "backtest-robustness", ...stages]),
  };
}

const refOf = (name: EvidenceName): ArtifactRef => ({
  name: NAMES[name][0],
  sha256: NAMES[name][1],
  bytes: 1,
  stage: "earlier-stage",
  runId: RUN,
});
