import type { StoredEntry } from "@baton/contracts";
import type { Mesh } from "@baton/mesh";
import { sampleEntry, type SampleChanges } from "@baton/testkit";

import type { MeshReader } from "../promotion-guard.ts";

/** The last entry of a candidate, which awaits the dispatch that it is itself, as tests' contexts have it: sequence 1. */
export function awaited(candidateId: string, over: SampleChanges = {}): StoredEntry {
  const entry = sampleEntry({ candidateId, stage: "shadow-paper", holder: "lane-e", ...over });
  return { sequence: 1, entry };
}

/** The mesh's own controls, and a journal in which every candidate's dispatch is awaited. */
export function readerOf({ controls }: Pick<Mesh, "controls">): MeshReader {
  return { controls, journal: { last: async (candidateId) => awaited(candidateId) } };
}
