import {
  ArtifactRef,
  Entry,
  Feedback,
  SpecDocument,
  WalkForwardLimits,
  type WholeEntry,
  withBasis,
} from "@baton/contracts";

const TIME = "2026-01-05T11:00:00.000Z";
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** What an entry differs in from the sample; what it rests on as the core has it. */
export type SampleChanges = Readonly<Partial<Record<keyof WholeEntry, unknown>>>;

/**
 * A candidate's first entry, a dispatch of research to lane-a that nothing has happened to, but for what `changes` says. Throws
 * if the contract doesn't take it.
 */
export function sampleEntry(changes: SampleChanges = {}): WholeEntry {
  const { spec = {}, artifacts = [], feedback = [], walkForward, ...rest } = changes;
  const entry = Entry.parse({
    v: 1,
    type: "entry",
    candidateId: "cand-sample",
    stage: "research-intake",
    runId: "run-000000000001",
    time: TIME,
    trace: TRACE,
    n: 1,
    prev: 0,
    prevSha256: null,
    basis: {},
    holder: "lane-a",
    reason: "STAGE_PASSED",
    about: { kind: "submitted" },
    cause: { kind: "deadline" },
    playbook: "34".repeat(32),
    iteration: 0,
    loops: 0,
    author: "tester",
    visited: [],
    commands: [],
    awaits: 0,
    rule: null,
    deadline: TIME,
    approvals: [],
    attempt: 0,
    failures: {},
    failure: null,
    review: null,
    hold: null,
    kept: null,
    evidence: null,
    guard: null,
    ...rest,
  });
  const walk = WalkForwardLimits.optional().parse(walkForward);
  const { evidence } = entry;
  return sayingAll({
    ...entry,
    evidence: evidence && { ...evidence, artifacts: evidence.artifacts ?? {} },
    spec: SpecDocument.parse(spec),
    artifacts: ArtifactRef.array().parse(artifacts),
    feedback: Feedback.array().parse(feedback),
    ...(walk && { walkForward: walk }),
  });
}

/** The entry as if it were the first to say what it rests on: what a test changed of that is in its bytes too. */
export function sayingAll(entry: WholeEntry): WholeEntry {
  return { ...entry, basis: withBasis(entry, undefined).basis };
}
