/** Whether two dry runs made the same artifacts, byte for byte. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import type { Evidence } from "./gather-evidence.ts";
import type { StoryName } from "./stories.ts";

/** Digest by artifact, `<story>/<runId>/<name>`; without those that hold times and commit ids. */
export const ArtifactDigests = z.record(z.string(), z.string());
export type ArtifactDigests = z.infer<typeof ArtifactDigests>;

/** What comparing with an earlier dry run gave. */
export interface Comparison {
  /** Its folder. */
  readonly with: string;
  /** True if both were run by the very same code: then every artifact must be the same. */
  readonly sameCode: boolean;
  readonly same: number;
  /** Artifacts that differ, or that only one of the two has. */
  readonly differing: readonly string[];
}

/** Larger than any time. */
const SAME_CODE_FIRST = 1e15;

const Earlier = z.object({
  startedAt: z.string(),
  seed: z.int().nullable(),
  code: z.string(),
  artifacts: ArtifactDigests,
});

/** Digests of everything that must be the same in every run. */
export function artifactDigests(evidence: ReadonlyMap<StoryName, Evidence>): ArtifactDigests {
  const digests: ArtifactDigests = {};
  for (const [story, { artifacts }] of evidence) {
    for (const { ref } of artifacts) {
      if (!ref.name.startsWith("observed/"))
        digests[`${story}/${ref.runId}/${ref.name}`] = ref.sha256;
    }
  }
  return digests;
}

/**
 * Compares with the latest other dry run of the same seed beside `folder`, if there's one of the same code with that;
 * null if there's none.
 */
export function compareWithEarlier(
  folder: { readonly parent: string; readonly name: string },
  run: {
    readonly seed: number | null;
    readonly code: string;
    readonly artifacts: ArtifactDigests;
  },
): Comparison | null {
  const rank = ({ summary }: { summary: z.infer<typeof Earlier> | undefined }): number =>
    Date.parse(summary?.startedAt ?? "") + (summary?.code === run.code ? SAME_CODE_FIRST : 0);
  const earlier = readdirSync(folder.parent)
    .filter((name) => name !== folder.name)
    .map((name) => ({ name, summary: readEarlier(join(folder.parent, name, "summary.json")) }))
    .filter(({ summary }) => summary?.seed === run.seed)
    .toSorted((a, b) => rank(b) - rank(a))[0];
  if (!earlier?.summary) return null;
  const { artifacts, code } = earlier.summary;
  const names = [...new Set([...Object.keys(run.artifacts), ...Object.keys(artifacts)])];
  const differing = names.filter((name) => run.artifacts[name] !== artifacts[name]);
  return {
    with: join(folder.parent, earlier.name),
    sameCode: code === run.code,
    same: names.length - differing.length,
    differing: differing.toSorted(),
  };
}

function readEarlier(file: string): z.infer<typeof Earlier> | undefined {
  try {
    return Earlier.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
