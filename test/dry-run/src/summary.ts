/** What a dry run found out, as `summary.json` keeps it. */
import type { InvariantFinding } from "@baton/local-mesh";

import type { Comparison, ArtifactDigests } from "./compare-runs.ts";
import { type EntrySizes, sizeFaults } from "./entry-sizes.ts";
import type { Handoffs } from "./handoffs.ts";
import type { Verdict } from "./judge.ts";
import type { Kill } from "./kill-lane.ts";

/** Changes of the usual settings, so that a demonstration takes seconds; everything else is as in earnest. */
export const DEMO_SETTINGS = {
  /** Factor on the delays between retries: 15 s become 0.3 s. */
  retryScale: 0.02,
  /** After so long without a sign of life a lane's work is given out again; 30 s otherwise. */
  ackWaitMs: 4000,
  /** A question is brought up again after so long; 4 h otherwise. */
  reminderEveryMs: 1500,
} as const;

/** Content of `summary.json`. */
export interface Summary {
  readonly v: 1;
  readonly ok: boolean;
  readonly startedAt: string;
  readonly seed: number | null;
  readonly folder: string;
  readonly syncAlways: boolean;
  readonly settings: typeof DEMO_SETTINGS;
  /** Seconds until everything was ready, of playing, of checking, and altogether. */
  readonly seconds: {
    readonly start: number;
    readonly play: number;
    readonly check: number;
    readonly all: number;
  };
  readonly stories: readonly Verdict[];
  readonly kill: Kill | null;
  readonly handoffs: Handoffs;
  readonly entries: EntrySizes;
  readonly invariants: readonly InvariantFinding[];
  /** Everything that isn't as it should be, in words. */
  readonly differences: readonly string[];
  /** Digest of the code that ran. */
  readonly code: string;
  readonly comparison: Comparison | null;
  readonly artifacts: ArtifactDigests;
  /** Page of the first candidate's trace; null if there was no tracing UI. */
  readonly trace: string | null;
}

/** Everything that keeps a dry run from being as it should be. */
export function differencesOf(found: {
  readonly stories: readonly Verdict[];
  readonly invariants: readonly InvariantFinding[];
  readonly entries: EntrySizes;
  readonly comparison: Comparison | null;
}): string[] {
  const { stories, invariants, comparison, entries } = found;
  const ofStories = stories.flatMap(({ name, differences }) =>
    differences.map((difference) => `${name}: ${difference}`),
  );
  const ofInvariants = invariants.flatMap(({ id, ok, checked, unit, violations, more }) => {
    // A check that looked at nothing proves nothing.
    if (checked === 0) return [`${id}: there were no ${unit} to check`];
    if (ok) return [];
    const told = violations.map(({ where, what }) => `${id}: ${where} ${what}`);
    return more > 0 ? [...told, `${id}: and ${more} more`] : told;
  });
  const ofArtifacts =
    comparison?.sameCode === true
      ? comparison.differing.map(
          (name) => `artifact ${name} isn't the one that the same code made in ${comparison.with}`,
        )
      : [];
  return [...ofStories, ...ofInvariants, ...sizeFaults(entries), ...ofArtifacts];
}
