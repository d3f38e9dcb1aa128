import { Entry } from "@baton/contracts";

const TIME = "2026-01-05T11:00:00.000Z";
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/**
 * A candidate's first entry, a dispatch of research to lane-a that nothing has happened to, but for what `changes` says. Throws
 * if the contract doesn't take it.
 */
export function sampleEntry(changes: Readonly<Partial<Record<keyof Entry, unknown>>> = {}): Entry {
  const { candidateId = "cand-sample", n = 1 } = changes;
  return Entry.parse({
    v: 1,
    type: "entry",
    id: `${String(candidateId)}.${String(n)}`,
    candidateId,
    stage: "research-intake",
    runId: "run-000000000001",
    time: TIME,
    trace: TRACE,
    n,
    prev: 0,
    holder: "lane-a",
    reason: "STAGE_PASSED",
    about: { kind: "submitted" },
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
    deadline: TIME,
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
    ...changes,
  });
}
