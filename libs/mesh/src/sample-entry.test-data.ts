/** Entries and reports for tests, built by the core itself. */
import type { Entry, ResultReport, WholeEntry } from "@baton/contracts";
import { decide, parsePlaybook, type Playbook } from "@baton/playbook";

const now = "2026-01-02T03:04:05.678Z";

function twoStages(): Playbook {
  const policy = {
    maxRetries: 2,
    initialBackoffSeconds: 1,
    backoffMultiplier: 2,
    maxBackoffSeconds: 9,
    autopauseAfterFailures: 3,
  };
  const never = { ...policy, maxRetries: 0 };
  const result = parsePlaybook({
    version: "baton-playbook-v1",
    stages: [
      {
        stage: "first",
        lane: "lane-a",
        requirePreviousArtifact: false,
        requirePreviousGatePass: false,
      },
      { stage: "second", lane: "lane-b" },
    ],
    transitions: { first: ["second"], second: [] },
    failurePolicies: { transient: policy, deterministic: never, spec: never, policy: never },
  });
  if (!result.ok) throw new Error(result.faults.join("; "));
  return result.playbook;
}

/** A playbook of two stages, first (lane-a) and second (lane-b). */
const playbook = twoStages();

/** A candidate's first entry. */
export function firstEntry(candidateId: string): WholeEntry {
  const decision = decide({
    last: undefined,
    happening: {
      kind: "command",
      sampled: false,
      command: {
        v: 1,
        type: "submit",
        id: "submit-1",
        candidateId,
        time: now,
        by: "tester",
        spec: { of: candidateId },
      },
    },
    playbook,
    evidence: null,
    now,
  });
  if (decision.kind !== "append") throw new Error(`not appended: ${decision.kind}`);
  return decision.entry;
}

/** A passing result for the dispatch stored under `sequence`. */
export function resultOf(entry: Entry, sequence: number): ResultReport {
  const { candidateId, stage, runId, trace } = entry;
  return {
    v: 1,
    type: "result",
    id: `${candidateId}.${stage}.${runId}`,
    candidateId,
    stage,
    runId,
    time: now,
    trace,
    lane: stage === "first" ? "lane-a" : "lane-b",
    answers: sequence,
    attempt: 1,
    startedAt: now,
    handoff: null,
    outcome: { kind: "done", verdict: "pass", summary: "done", artifacts: [] },
  };
}
