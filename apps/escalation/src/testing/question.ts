/** Journal entries as a coordinator writes them, cut to what escalation looks at. */
import { Entry, type StoredEntry } from "@baton/contracts";

/** When every test's story begins. */
export const START_MS = Date.parse("2026-03-01T09:00:00.000Z");

/** An instant so many milliseconds after the start. */
export function at(ms: number): string {
  return new Date(START_MS + ms).toISOString();
}

/** An entry that asks a person. */
export function question(sequence: number, changes: Partial<Entry> = {}): StoredEntry {
  const entry = Entry.parse({
    v: 1,
    type: "entry",
    id: "cand-0001.2",
    candidateId: "cand-0001",
    stage: "live-ramp",
    runId: "run-0001",
    time: at(0),
    trace: `00-${"a".repeat(32)}-${"b".repeat(16)}-00`,
    n: 2,
    prev: 1,
    holder: "review",
    reason: "APPROVAL_REQUIRED",
    detail: "live-ramp needs approval",
    cause: { kind: "deadline" },
    playbook: "0".repeat(64),
    iteration: 0,
    loops: 0,
    author: "tester",
    spec: {},
    visited: [],
    commands: [],
    awaits: null,
    rule: null,
    deadline: at(10_000),
    artifacts: [],
    feedback: [],
    approvals: [],
    attempt: 0,
    failures: {},
    failure: null,
    review: { openedAt: at(0), action: "Approve it.", next: "live-ramp", evidence: null },
    hold: null,
    kept: null,
    evidence: null,
    guard: null,
  });
  return { sequence, entry: { ...entry, ...changes } };
}

/** An entry that hands the baton back to a lane. */
export function answer(sequence: number, changes: Partial<Entry> = {}): StoredEntry {
  const cause = {
    kind: "command",
    commandId: "cmd-0001",
    type: "approve",
    by: "a person",
    why: null,
  } as const;
  return question(sequence, {
    holder: "lane-e",
    reason: "APPROVED",
    review: null,
    cause,
    ...changes,
  });
}
