import { Entry, type StoredEntry } from "@baton/contracts";
import type { Mesh } from "@baton/mesh";

import type { MeshReader } from "../promotion-guard.ts";

/** The last entry of a candidate, which awaits the dispatch that it is itself, as tests' contexts have it: sequence 1. */
export function awaited(candidateId: string, over: Partial<Entry> = {}): StoredEntry {
  const time = "2026-01-05T11:00:00.000Z";
  const entry = Entry.parse({
    v: 1,
    type: "entry",
    id: `${candidateId}.1`,
    candidateId,
    stage: "shadow-paper",
    runId: "run-000000000001",
    time,
    trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    n: 1,
    prev: 0,
    holder: "lane-e",
    reason: "STAGE_PASSED",
    detail: "test",
    cause: { kind: "deadline" },
    playbook: "34".repeat(32),
    iteration: 0,
    loops: 0,
    author: "tester",
    spec: {},
    visited: [],
    commands: [],
    awaits: 0,
    rule: null,
    deadline: time,
    artifacts: [],
    feedback: [],
    approvals: [],
    attempt: 0,
    failures: {},
    failure: null,
    review: null,
    hold: null,
    kept: null,
    evidence: null,
    guard: null,
    ...over,
  });
  return { sequence: 1, entry };
}

/** The mesh's own controls, and a journal in which every candidate's dispatch is awaited. */
export function readerOf({ controls }: Pick<Mesh, "controls">): MeshReader {
  return { controls, journal: { last: async (candidateId) => awaited(candidateId) } };
}
