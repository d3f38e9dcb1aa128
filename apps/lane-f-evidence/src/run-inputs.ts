/** Reading a run's artifacts so that a gate fails closed: what isn't there is undefined, what is there must fit. */
import { CandidateSpecArtifact } from "@baton/artifacts";
import type { StageContext } from "@baton/lanekit";
import type { z } from "zod";

export const RESEARCH = "research/candidate-spec.json";

/** The artifact of that name parsed by `schema`, or undefined if the run has none. Throws the context's StageFailure if it doesn't fit. */
export async function readIfThere<T>(
  context: StageContext,
  name: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const there = context.inputs.some((input) => input.name === name);
  return there ? context.readJson(name, schema) : undefined;
}

/** The candidate as lane A understood it; every stage of this lane needs it. */
export function readCandidate(context: StageContext): Promise<CandidateSpecArtifact> {
  return context.readJson(RESEARCH, CandidateSpecArtifact);
}
