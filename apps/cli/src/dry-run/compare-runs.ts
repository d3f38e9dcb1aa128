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
  readonly same: number;
  /** Artifacts that differ, or that only one of the two has. */
  readonly differing: readonly string[];
}

const Earlier = z.object({
  startedAt: z.string(),
  seed: z.int().nullable(),
  artifacts: ArtifactDigests,
});

/** Digests of everything that must be the same in every run. */
export function digestsOf(evidence: ReadonlyMap<StoryName, Evidence>): ArtifactDigests {
  const digests: ArtifactDigests = {};
  for (const [story, { artifacts }] of evidence) {
    for (const { ref } of artifacts) {
      if (!ref.name.startsWith("observed/"))
        digests[`${story}/${ref.runId}/${ref.name}`] = ref.sha256;
    }
  }
  return digests;
}

/** Compares with the latest other dry run of the same seed beside `folder`; null if there's none. */
export function compareWithEarlier(
  folder: { readonly parent: string; readonly name: string },
  run: { readonly seed: number | null; readonly artifacts: ArtifactDigests },
): Comparison | null {
  const earlier = readdirSync(folder.parent)
    .filter((name) => name !== folder.name)
    .map((name) => ({ name, summary: readEarlier(join(folder.parent, name, "summary.json")) }))
    .filter(({ summary }) => summary?.seed === run.seed)
    .toSorted((a, b) => ((a.summary?.startedAt ?? "") < (b.summary?.startedAt ?? "") ? 1 : -1))[0];
  if (!earlier?.summary) return null;
  const { artifacts } = earlier.summary;
  const names = [...new Set([...Object.keys(run.artifacts), ...Object.keys(artifacts)])];
  const differing = names.filter((name) => run.artifacts[name] !== artifacts[name]);
  return {
    with: join(folder.parent, earlier.name),
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
