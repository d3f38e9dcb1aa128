import type { InputDigest } from "@baton/artifacts";
import type { ArtifactRef } from "@baton/contracts";

import type { Evidence, Source } from "./evidence.ts";

/** An artifact that says which candidate and run it is about. */
type Bound = Source<{ readonly candidateId: string; readonly runId: string }>;

/**
 * Links that don't hold, as sentences: an artifact about another candidate or run than it is stored under, or made
 * from (or naming) other bytes than the run has under that name. Sources that are missing are somebody else's check.
 */
export function brokenLinks(evidence: Evidence): string[] {
  const { research, manifest, plugin, tests, walkForward, folds, stress, evaluation } = evidence;
  const bound: Bound[] = [
    research,
    manifest,
    plugin,
    tests,
    walkForward,
    folds,
    stress,
    evaluation,
  ];
  const digests = [walkForward, folds, stress, evaluation].flatMap(({ name, found }) =>
    found === undefined ? [] : differing(name, found.value.inputs, evidence.refs),
  );
  const results = differing(evaluation.name, evaluation.found?.value.results ?? [], evidence.refs);
  return [
    ...bound.flatMap((source) => misplaced(source, evidence.candidateId)),
    ...digests,
    ...results,
  ];
}

function misplaced({ name, found }: Bound, candidateId: string): string[] {
  if (found === undefined) return [];
  const { value, ref } = found;
  if (value.runId !== ref.runId) return [`${name} is about run ${value.runId}, not ${ref.runId}`];
  if (value.candidateId === candidateId) return [];
  return [`${name} is about candidate ${value.candidateId}, not ${candidateId}`];
}

function differing(
  name: string,
  digests: readonly InputDigest[],
  refs: readonly ArtifactRef[],
): string[] {
  return digests.flatMap((digest) => {
    const ref = refs.find((of) => of.name === digest.name);
    if (ref?.sha256 === digest.sha256) return [];
    const other = ref === undefined ? "none" : ref.sha256.slice(0, 12);
    return [`${name} names ${digest.name} ${digest.sha256.slice(0, 12)}, the run has ${other}`];
  });
}
