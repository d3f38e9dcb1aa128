/** How an artifact is held against the specification: the claims of its kind, and what several kinds claim alike. */
import type { CandidateSpec } from "@baton/artifacts";
import type { ArtifactRef } from "@baton/contracts";
import type { z } from "zod";

import type { DeclaredSet } from "./specification.ts";

/** A value as it was found and as it must be. */
export interface Claim {
  readonly what: string;
  readonly found: unknown;
  readonly wanted: unknown;
}

/** What an artifact is held against. */
export interface Known {
  readonly candidateId: string;
  readonly spec: CandidateSpec;
  readonly specSha256: string;
  /** Undefined where the plugin is unknown here or refuses the grid: then nothing may rest on it. */
  readonly sets: readonly DeclaredSet[] | undefined;
  readonly artifacts: readonly ArtifactRef[];
  /** SHA-256 of the gate policy that the playbook asks for, if it does. */
  readonly gatePolicy: string | undefined;
}

/** How one kind of artifact is checked. */
export interface Rule {
  readonly schemaVersion: string;
  /** Its claims; undefined if it has another form than its version says. */
  readonly claims: (content: unknown, known: Known) => readonly Claim[] | undefined;
}

const SOURCE = "build/plugin-source.ts";

/** A rule for artifacts of one form. */
export function rule<T>(
  schemaVersion: string,
  schema: z.ZodType<T>,
  claims: (value: T, known: Known) => Claim[],
): Rule {
  return {
    schemaVersion,
    claims: (content, known) => {
      const parsed = schema.safeParse(content);
      return parsed.success ? claims(parsed.data, known) : undefined;
    },
  };
}

/** One claim. */
export const claim = (what: string, found: unknown, wanted: unknown): Claim => ({
  what,
  found,
  wanted,
});

/** The instruments of the universe in its order. */
export const instrumentsOf = ({ universe }: CandidateSpec) =>
  universe.map(({ instrument }) => instrument);

/** The declared parameter sets. */
export const parametersOf = ({ sets }: Known) => sets?.map(({ parameters }) => parameters);

/** Data sets that an artifact names: those of the universe in its order, and a user's file by its digest. */
export function dataClaims(
  found: readonly { readonly instrument: string; readonly sha256: string }[],
  spec: CandidateSpec,
): Claim[] {
  return [
    claim(
      "its instruments",
      found.map(({ instrument }) => instrument),
      instrumentsOf(spec),
    ),
    ...spec.universe.flatMap(({ instrument, csv }, index) =>
      csv === undefined
        ? []
        : [claim(`the file of ${instrument}`, found[index]?.sha256, csv.sha256)],
    ),
  ];
}

/** The source that the run has is the one that is named. */
export function sourceClaim(found: string | null, { artifacts, spec }: Known): Claim {
  const submitted = spec.strategy.authored?.source?.sha256;
  const source = artifacts.find(({ name }) => name === SOURCE);
  return claim("the digest of the source", found, submitted ?? (source ? source.sha256 : found));
}
