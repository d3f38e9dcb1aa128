import { Entry, Receipt, Report } from "@baton/contracts";
import { expect, test } from "vitest";

import type { Evidence, FoundArtifact } from "./gather-evidence.ts";
import { type Case, judge } from "./judge.ts";
import { REVIEWER } from "./play.ts";
import { loadStories, type StoryName } from "./stories.ts";

const stories = loadStories(undefined);
const RUN = "run-000000000001";
const HEX = "0123456789abcdef".repeat(4);
const TIME = "2026-01-02T03:04:05.000Z";
const TRACE = `00-${HEX.slice(0, 32)}-${HEX.slice(0, 16)}-00`;
const CANDIDATE = "cand-000000000001";

type Json = Record<string, unknown>;

function entry(changes: Json): Evidence["entries"][number] {
  const parsed = Entry.parse({
    v: 1,
    type: "entry",
    id: `${CANDIDATE}.1`,
    candidateId: CANDIDATE,
    stage: "audit-evidence",
    runId: RUN,
    time: TIME,
    trace: TRACE,
    n: 1,
    prev: 0,
    holder: "closed",
    reason: "COMPLETED",
    detail: "over",
    cause: { kind: "deadline" },
    playbook: HEX,
    iteration: 0,
    loops: 0,
    author: "author@dry-run",
    spec: {},
    visited: [],
    commands: [],
    awaits: null,
    rule: null,
    deadline: null,
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
  return { sequence: 1, storedAt: 0, entry: parsed };
}

function report(changes: Json): Evidence["reports"][number] {
  const parsed = Report.parse({
    v: 1,
    id: "x",
    candidateId: CANDIDATE,
    stage: "backtest-robustness",
    runId: RUN,
    time: TIME,
    trace: TRACE,
    lane: "lane-c",
    answers: 1,
    attempt: 1,
    startedAt: TIME,
    handoff: null,
    ...changes,
  });
  return { sequence: 1, storedAt: 0, report: parsed };
}

function failedAttempt(attempt: number, delayMs: number): Evidence["reports"][number] {
  const failure = { class: "transient", code: "E_DATA_UNAVAILABLE", message: "away", action: "" };
  const retryAt = new Date(Date.parse(TIME) + delayMs).toISOString();
  return report({ type: "attempt", attempt, failure, retryAt });
}

function done(attempt: number): Evidence["reports"][number] {
  const outcome = { kind: "done", verdict: "pass", summary: "", artifacts: [] };
  return report({ type: "result", attempt, outcome });
}

function artifact(name: string, value: unknown): FoundArtifact {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const ref = { name, sha256: HEX, bytes: bytes.length, stage: "live-ramp", runId: RUN };
  return { ref, bytes };
}

function gateEvaluation(status: string): FoundArtifact {
  return artifact("gates/gate-evaluation.json", {
    schemaVersion: "baton.gate-report.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    stage: "gate-evaluation",
    policyVersion: "1",
    verdict: status,
    gates: [{ gateId: "gate1_statistical_robustness", status, reasons: [] }],
  });
}

function liveRamp(level: string): FoundArtifact {
  const step = { level, notional: 1, configHash: HEX, verified: true };
  return artifact("gates/live-ramp.json", {
    schemaVersion: "baton.gate-report.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    stage: "live-ramp",
    policyVersion: "1",
    verdict: "pass",
    gates: [{ gateId: "ramp", status: "pass", reasons: [] }],
    promotionTarget: "live",
    inputs: [],
    level,
    configHash: HEX,
    steps: [step],
    rolledBack: false,
  });
}

const ASKS = {
  holder: "review",
  deadline: TIME,
  review: { openedAt: TIME, action: "mend it", next: null, evidence: null },
};
const APPROVAL = {
  stage: "live-ramp",
  runId: RUN,
  by: REVIEWER,
  why: "fine",
  commandId: "cmd-000001",
  time: TIME,
  evidence: HEX,
};
const PAUSED = {
  ...ASKS,
  reason: "PAUSED",
  hold: { by: REVIEWER, why: "x", time: TIME, commandId: "cmd-000002" },
};
const REFUSED_SPEC = {
  class: "spec",
  code: "E_SPEC",
  message: "universe strategy costsBps regimes expectation promotion",
  action: "mend it",
};

function evidence(of: Partial<Evidence>): Evidence {
  return { entries: [entry({})], reports: [], artifacts: [], ...of };
}

/** All six as they should be. */
function asItShouldBe(): { evidence: Map<StoryName, Evidence>; of: Omit<Case, "evidence"> } {
  const curve = { ...ASKS, reason: "GATE_FAILED", loops: 1 };
  const feedback = [{ runId: RUN, stage: "gate-evaluation", reasons: ["lost money"] }];
  const receipts = (["trend", "duplicate"] as const).map((story) => ({
    story,
    receipt: receipt(story === "duplicate"),
  }));
  return {
    evidence: new Map<StoryName, Evidence>([
      [
        "trend",
        evidence({ entries: [entry({ approvals: [APPROVAL] })], artifacts: [liveRamp("L3")] }),
      ],
      [
        "curve-fitted",
        evidence({
          entries: [entry({ ...curve, feedback })],
          artifacts: [gateEvaluation("fail"), gateEvaluation("fail")],
        }),
      ],
      [
        "flaky-source",
        evidence({
          entries: [entry(PAUSED), entry({})],
          reports: [failedAttempt(1, 300), failedAttempt(2, 600), done(3)],
        }),
      ],
      [
        "broken-spec",
        evidence({
          entries: [entry({ ...ASKS, reason: "SPEC_INVALID", failure: REFUSED_SPEC })],
          reports: [report({ type: "result", outcome: { kind: "failed", failure: REFUSED_SPEC } })],
        }),
      ],
      ["interrupted", evidence({ reports: [done(2)] })],
    ]),
    of: {
      played: {
        receipts,
        authorsApproval: "E_DENIED",
        kill: {
          lane: "lane-c",
          pid: 1,
          stage: "backtest-robustness",
          step: "bootstrap",
          workedMs: 500,
          at: TIME,
          replacedBy: 2,
          backMs: 900,
        },
        trouble: new Map(),
      },
      pack: { ok: true, trusted: true, faults: [], manifest: undefined },
    },
  };
}

function receipt(duplicate: boolean, sequence = 1) {
  const parsed = Receipt.parse({
    v: 1,
    commandId: "cmd-000001",
    candidateId: CANDIDATE,
    outcome: {
      kind: "accepted",
      duplicate,
      runId: RUN,
      stage: "research-intake",
      sequence,
      time: TIME,
    },
  });
  const { outcome } = parsed;
  if (outcome.kind !== "accepted") throw new Error("not accepted");
  return { ...parsed, outcome };
}

type World = ReturnType<typeof asItShouldBe>;

function differences(change: (world: World) => void = () => undefined): Record<string, string[]> {
  const world = asItShouldBe();
  change(world);
  const verdicts = judge(stories, { ...world.of, evidence: world.evidence });
  return Object.fromEntries(
    verdicts.filter(({ ok }) => !ok).map((one) => [one.name, [...one.differences]]),
  );
}

test("six stories that went as they should are as expected", () => {
  expect(differences()).toEqual({});
});

test.each<[string, StoryName, (world: World) => void, RegExp]>([
  [
    "another end",
    "trend",
    ({ evidence: of }) =>
      of.set(
        "trend",
        evidence({
          entries: [entry({ ...ASKS, reason: "GATE_FAILED", approvals: [APPROVAL] })],
          artifacts: [liveRamp("L3")],
        }),
      ),
    /ended as GATE_FAILED at audit-evidence, holder review; expected COMPLETED/,
  ],
  [
    "an author who may approve",
    "trend",
    ({ of }) => void (of.played.authorsApproval = undefined),
    /should have been refused as E_DENIED, but was accepted/,
  ],
  [
    "a ramp that stopped early",
    "trend",
    ({ evidence: of }) =>
      of.set(
        "trend",
        evidence({ entries: [entry({ approvals: [APPROVAL] })], artifacts: [liveRamp("L2")] }),
      ),
    /live ramp is at L2/,
  ],
  [
    "a pack that doesn't verify",
    "trend",
    (world) => {
      const faults = [{ code: "E_PACK_ALTERED", message: "one byte" }] as const;
      world.of = { ...world.of, pack: { ok: false, trusted: true, faults, manifest: undefined } };
    },
    /doesn't verify: one byte/,
  ],
  [
    "a twin that passes gate 1 the second time",
    "curve-fitted",
    ({ evidence: of }) => {
      const before = of.get("curve-fitted");
      const artifacts = [gateEvaluation("fail"), gateEvaluation("pass")];
      if (before) of.set("curve-fitted", { ...before, artifacts });
    },
    /gate 1 failed in 1 of 2 gate reports/,
  ],
  [
    "delays that don't grow",
    "flaky-source",
    ({ evidence: of }) => {
      const before = of.get("flaky-source");
      const reports = [failedAttempt(1, 300), failedAttempt(2, 300), done(3)];
      if (before) of.set("flaky-source", { ...before, reports });
    },
    /delays of 300 and 300 ms don't grow/,
  ],
  [
    "a retried specification",
    "broken-spec",
    ({ evidence: of }) => {
      const before = of.get("broken-spec");
      if (before) of.set("broken-spec", { ...before, reports: [done(1), done(2)] });
    },
    /was attempted 2 times; expected once/,
  ],
  [
    "a duplicate that is taken for new",
    "duplicate",
    ({ of }) => {
      of.played.receipts[1] = { story: "duplicate", receipt: receipt(true, 9) };
    },
    /its receipt isn't the original one/,
  ],
  [
    "a backtest that the killed lane had answered already",
    "interrupted",
    ({ evidence: of }) => of.set("interrupted", evidence({ reports: [done(1)] })),
    /the last by delivery 1; expected one, by a later one/,
  ],
  [
    "a lane that nobody could kill",
    "interrupted",
    ({ of }) => void of.played.trouble.set("interrupted", "the backtest was over"),
    /the backtest was over/,
  ],
  [
    "a candidate that got lost",
    "flaky-source",
    ({ evidence: of }) => of.delete("flaky-source"),
    /the journal doesn't know it/,
  ],
])("%s is a difference", (_what, story, change, message) => {
  const found = differences(change);
  expect(Object.keys(found)).toEqual([story]);
  expect(found[story]?.join("\n")).toMatch(message);
});
