/** Evidence of the stories, for tests that change one thing in it. */
import { Receipt, Report, wholeOf } from "@baton/contracts";
import { sampleEntry } from "@baton/testkit";

import { type Played, REVIEWERS } from "../acts.ts";
import type { Evidence, FoundArtifact } from "../gather-evidence.ts";
import type { Case } from "../judge-notes.ts";
import type { StoryName } from "../stories.ts";

const RUN = "run-000000000001";
const HEX = "0123456789abcdef".repeat(4);
const TIME = "2026-01-02T03:04:05.000Z";
const TRACE = `00-${HEX.slice(0, 32)}-${HEX.slice(0, 16)}-00`;
const CANDIDATE = "cand-000000000001";

type Json = Record<string, unknown>;

export function entry(changes: Json): Evidence["entries"][number] {
  const parsed = sampleEntry({
    candidateId: CANDIDATE,
    stage: "audit-evidence",
    runId: RUN,
    time: TIME,
    trace: TRACE,
    holder: "closed",
    reason: "COMPLETED",
    about: { kind: "passed", stage: "over", summary: "over" },
    playbook: HEX,
    author: "author@dry-run",
    awaits: null,
    deadline: null,
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

export function failedAttempt(attempt: number, delayMs: number): Evidence["reports"][number] {
  const failure = { class: "transient", code: "E_DATA_UNAVAILABLE", message: "away", action: "" };
  const retryAt = new Date(Date.parse(TIME) + delayMs).toISOString();
  return report({ type: "attempt", attempt, failure, retryAt });
}

export function done(attempt: number): Evidence["reports"][number] {
  const outcome = { kind: "done", verdict: "pass", summary: "", artifacts: [] };
  return report({ type: "result", attempt, outcome });
}

function artifact(name: string, value: unknown): FoundArtifact {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const ref = { name, sha256: HEX, bytes: bytes.length, stage: "live-ramp", runId: RUN };
  return { ref, bytes };
}

export function gateEvaluation(status: string): FoundArtifact {
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

export function liveRamp(level: string): FoundArtifact {
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

export const ASKS = {
  holder: "review",
  deadline: TIME,
  review: {
    openedAt: TIME,
    next: null,
    evidence: null,
    answers: [{ command: "resume", roles: [], people: 1 }],
  },
};
export const APPROVALS = REVIEWERS.map((by) => ({
  stage: "live-ramp",
  runId: RUN,
  by,
  why: "fine",
  commandId: "cmd-000001",
  time: TIME,
  evidence: HEX,
}));
const INCIDENT_ID = "inc-0123456789ab";

/** The entry by which people's incident led it to recovery. */
function led(): Evidence["entries"][number] {
  return entry({
    stage: "incident-recovery",
    holder: "lane-f",
    reason: "INCIDENT",
    awaits: 0,
    deadline: TIME,
    cause: {
      kind: "incident",
      incidentId: INCIDENT_ID,
      class: "D",
      by: "oncall@dry-run",
      why: "drift",
    },
    guard: { from: "shadow-paper", to: "incident-recovery", rule: "transition_allowed" },
    incident: { id: INCIDENT_ID, class: "D", ticket: null, before: [] },
  });
}

export function incidentRecord(failed: string[] = []): FoundArtifact {
  const names = ["scheduler", "freshness", "risk-engine", "paper-execution", "reconciliation"];
  return artifact("incident/incident-record.json", {
    schemaVersion: "baton.incident-record.v1",
    candidateId: CANDIDATE,
    runId: RUN,
    incidentId: INCIDENT_ID,
    class: "D",
    classes: ["D"],
    stage: "shadow-paper",
    declaredBy: "person",
    reasons: ["drift"],
    containment: { action: "removed", configHash: null, killSwitchEngaged: false },
    checks: names.map((check) => ({ check, passed: !failed.includes(check), detail: "" })),
    recovered: failed.length === 0,
    next: ["look"],
  });
}

const PAUSED = {
  ...ASKS,
  reason: "PAUSED",
  hold: { by: REVIEWERS[0], why: "x", time: TIME, commandId: "cmd-000002" },
};
const REFUSED_SPEC = {
  class: "spec",
  code: "E_SPEC",
  message: "universe strategy costsBps regimes expectation promotion",
  action: "mend it",
};

const LOOKED_AHEAD = {
  class: "spec",
  code: "E_LOOK_AHEAD",
  message: "the strategy's source on NDX, row 20 (1985-12-02): it asks for row 21",
  action: "mend it",
};
const AUTHORED_SPEC = { strategy: { authored: { source: { sha256: HEX } } } };

export function evidence(of: Partial<Evidence>): Evidence {
  const entries = of.entries ?? [entry({})];
  const last = entries.at(-1);
  if (last === undefined) throw new Error("there is no entry");
  return { entries, basis: wholeOf(last.entry, []), reports: [], artifacts: [], ...of };
}

function playedRight(receipts: Played["receipts"]): Played {
  return {
    receipts,
    refusedApprovals: { "by its author": "E_DENIED", "on other evidence": "E_CONFLICT" },
    reminders: 1,
    killSwitch: {
      orderStoppedAfterMs: 300,
      reducingOrder: "accepted",
      promotion: "E_GUARD",
      tookTwo: true,
      orderAfter: "accepted",
    },
    incident: { id: INCIDENT_ID, closed: true },
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
  };
}

/** Of the candidates that bring a strategy of their own. */
function authoredEvidence(): (readonly [StoryName, Evidence])[] {
  return [
    [
      "steady-climb",
      evidence({
        basis: { spec: AUTHORED_SPEC, artifacts: [], feedback: [] },
        artifacts: [artifact("build/plugin-source.ts", "source")],
      }),
    ],
    [
      "peeking",
      evidence({
        entries: [entry({ ...ASKS, reason: "SPEC_INVALID", failure: LOOKED_AHEAD })],
        reports: [report({ type: "result", outcome: { kind: "failed", failure: LOOKED_AHEAD } })],
      }),
    ],
  ];
}

/** All as they should be. */
export function asItShouldBe(): { evidence: Map<StoryName, Evidence>; of: Omit<Case, "evidence"> } {
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
        evidence({ entries: [entry({ approvals: APPROVALS })], artifacts: [liveRamp("L3")] }),
      ],
      [
        "incident",
        evidence({
          entries: [led(), entry({ reason: "RECOVERED", approvals: APPROVALS.slice(0, 1) })],
          artifacts: [incidentRecord()],
        }),
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
      ...authoredEvidence(),
    ]),
    of: {
      played: playedRight(receipts),
      pack: {
        ok: true,
        trusted: true,
        faults: [],
        manifest: undefined,
        commands: { signed: 1, unsigned: 0 },
      },
    },
  };
}

export function receipt(duplicate: boolean, sequence = 1) {
  const parsed = Receipt.parse({
    v: 1,
    mesh: `mesh-${"0".repeat(32)}`,
    commandSha256: "0".repeat(64),
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
