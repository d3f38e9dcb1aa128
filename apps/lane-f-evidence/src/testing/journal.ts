import { type ArtifactRef, wireOf } from "@baton/contracts";
import { digestOf } from "@baton/playbook";
import { sampleEntry, type SampleChanges } from "@baton/testkit";

import type { JournalEntry } from "../ports.ts";
import { CANDIDATE, RUN, spec } from "./run-artifacts.ts";

const AT = "2026-01-05T11:00:00.000Z";

/** An entry of the test candidate's journal; position and sequence follow from `n`. */
export function journalEntry(n: number, over: SampleChanges = {}): JournalEntry {
  const entry = sampleEntry({
    candidateId: CANDIDATE,
    n,
    runId: RUN,
    time: AT,
    prev: (n - 1) * 10,
    holder: "lane-f",
    cause: {
      kind: "report",
      sequence: 1,
      attempt: 1,
      storedAt: "2026-01-05T11:00:00.000000Z",
      from: "research-intake",
    },
    spec: spec(),
    ...over,
  });
  return { sequence: n * 10, time: AT, entry, text: JSON.stringify(wireOf(entry)) };
}

/** The entries as a journal has them: each names the bytes of the one before. */
export function chained(rows: readonly JournalEntry[], candidateId = CANDIDATE): JournalEntry[] {
  const done: JournalEntry[] = [];
  for (const row of rows) {
    if (row.entry.candidateId !== candidateId) continue;
    const before = done.at(-1);
    const entry = { ...row.entry, prevSha256: before ? digestOf(before.text) : null };
    done.push({ ...row, entry, text: JSON.stringify(wireOf(entry)) });
  }
  return done;
}

/** Evidence of a gate that failed in `from`, for the entry that opens an incident. */
export function gateFailure(from: string, reasons: readonly string[]): SampleChanges {
  return {
    stage: "incident-recovery",
    reason: "INCIDENT",
    guard: { from, to: "incident-recovery", rule: "transition_allowed" },
    evidence: {
      artifacts: {},
      gate: { sha256: "56".repeat(32), verdict: "fail", reasons: [...reasons] },
    },
  };
}

/** Artifacts as the journal names them. */
export function refsOf(inputs: readonly ArtifactRef[]): ArtifactRef[] {
  return inputs.map(({ name, sha256, bytes, stage, runId }) => ({
    name,
    sha256,
    bytes,
    stage,
    runId,
  }));
}
