/** What a stage's result leads to, once it is known to answer the awaited dispatch. */
import {
  type ArtifactRef,
  canonicalJson,
  cut,
  type Entry,
  type EvidenceRecord,
  type Failure,
  type FailureClass,
  type Reason,
  type ResultReport,
  type Stage,
  type Verdict,
} from "@baton/contracts";

import { checkTransition } from "./guard.ts";
import { digestOf } from "./identify.ts";
import { type ApprovalRule, type StageRule, stageRule } from "./playbook.ts";
import { close, dispatch, newRun, review, type Step } from "./successor.ts";

const REASON_OF: Record<FailureClass, Reason> = {
  transient: "RETRIES_EXHAUSTED",
  deterministic: "DETERMINISTIC_FAILURE",
  spec: "SPEC_INVALID",
  policy: "POLICY_DENIED",
};

/** The entry that a result leads to. `evidence` is what the coordinator verified about it; null counts as nothing verified. */
export function conclude(step: Step, report: ResultReport, evidence: EvidenceRecord | null): Entry {
  const { outcome } = report;
  const rule = stageRule(step.playbook, report.stage);
  if (outcome.kind === "failed") return concludeFailure(step, report, outcome.failure);
  const fault = evidenceFault(rule, outcome.artifacts, evidence);
  if (fault !== undefined) {
    return review(step, {
      reason: "EVIDENCE_MISSING",
      detail: `${report.stage} of ${report.runId}: ${fault}`,
      action:
        "Check the artifact store and the lane's log, then `baton resume` to run the stage again.",
      awaits: null,
      evidence,
    });
  }
  const verdict =
    rule.gate === null ? outcome.verdict : (evidence?.gate?.verdict ?? "inconclusive");
  const artifacts = mergeArtifacts(step.last.entry.artifacts, outcome.artifacts);
  const passed = { artifacts, evidence, failure: null };
  return follow(step, rule, { verdict, summary: outcome.summary, carried: passed });
}

function concludeFailure(step: Step, report: ResultReport, failure: Failure): Entry {
  const before = step.last.entry.failures;
  const failures = { ...before, [report.stage]: (before[report.stage] ?? 0) + 1 };
  return review(step, {
    reason: REASON_OF[failure.class],
    detail: `${report.stage} failed at attempt ${report.attempt}: ${failure.code} ${failure.message}`,
    action: failure.action,
    awaits: null,
    failures,
    failure,
    attempt: report.attempt,
  });
}

/** What is wrong with the evidence for a passing result, or undefined. Fails closed. */
function evidenceFault(
  rule: StageRule,
  artifacts: readonly ArtifactRef[],
  evidence: EvidenceRecord | null,
): string | undefined {
  for (const { name } of artifacts) {
    const found = evidence?.artifacts[name] ?? "missing";
    if (found !== "present") return `artifact ${name} is ${found} in the store`;
  }
  const names = new Set(artifacts.map((artifact) => artifact.name));
  const absent = rule.artifacts.find((name) => !names.has(name));
  if (absent !== undefined)
    return `its result doesn't name the artifact ${absent} that the playbook asks for`;
  if (rule.gate !== null && !evidence?.gate)
    return `its gate report ${rule.gate} is missing or of another run`;
  return undefined;
}

interface Passing {
  readonly verdict: Verdict;
  readonly summary: string;
  readonly carried: Pick<Entry, "artifacts" | "evidence" | "failure">;
}

function follow(step: Step, rule: StageRule, result: Passing): Entry {
  const { carried } = result;
  const gate = carried.evidence?.gate?.reasons ?? [];
  const why = gate.length > 0 ? gate.join("; ") : result.summary;
  if (result.verdict === "inconclusive") {
    return review(step, {
      ...carried,
      reason: "GATE_INCONCLUSIVE",
      detail: `${rule.stage} was inconclusive: ${why}`,
      action: "Read the gate report; `baton resume` to run the stage again, or `baton reject`.",
      awaits: null,
    });
  }
  if (result.verdict === "fail") return followFail(step, rule, { ...carried, why, gate });
  if (rule.pass === null) {
    return close(step, {
      ...carried,
      reason: "COMPLETED",
      detail: `${rule.stage} passed: ${result.summary}`,
    });
  }
  return enter(step, rule.pass, { carried, summary: result.summary });
}

function followFail(
  step: Step,
  rule: StageRule,
  result: Passing["carried"] & { why: string; gate: readonly string[] },
): Entry {
  const { why, gate, ...carried } = result;
  const { loops, runId, feedback, iteration } = step.last.entry;
  const { start, limits } = step.playbook;
  const backToStart =
    rule.fail === start && loops < limits.maxLoops && iteration + 1 < limits.maxIterations;
  if (backToStart) {
    const reasons = (gate.length > 0 ? gate : [cut(why, 300)]).slice(0, 50);
    return dispatch(step, start, {
      ...newRun(step),
      reason: "LOOPED_BACK",
      detail: `${rule.stage} failed: ${why}`,
      artifacts: [],
      evidence: carried.evidence,
      loops: loops + 1,
      feedback: [...feedback, { runId, stage: rule.stage, reasons }].slice(-20),
      guard: { from: rule.stage, to: start, rule: "transition_allowed" },
    });
  }
  if (rule.fail !== null && rule.fail !== start) {
    return move(step, rule.fail, {
      ...carried,
      reason: "INCIDENT",
      detail: `${rule.stage} failed: ${why}`,
    });
  }
  return review(step, {
    ...carried,
    reason: "GATE_FAILED",
    detail: `${rule.stage} failed${loops > 0 ? ` again after ${loops} loop${loops > 1 ? "s" : ""} back` : ""}: ${why}`,
    action:
      "Read the gate report, change the candidate and submit it as a new one, or `baton cancel` this one.",
    awaits: null,
  });
}

/** Goes on to `to` if the guard and the approvals allow it; otherwise asks a person. */
export function enter(
  step: Step,
  to: Stage,
  passed: { carried: Pick<Entry, "artifacts" | "evidence" | "failure">; summary: string },
): Entry {
  const { last } = step;
  const from = last.entry.stage;
  const state = { candidateId: last.entry.candidateId, runId: last.entry.runId, activeStage: from };
  const verdict = checkTransition(step.playbook, {
    candidateId: last.entry.candidateId,
    runId: last.entry.runId,
    from,
    to,
    state: { ...state, paused: last.entry.hold !== null },
    previousArtifact: true,
    previousGatePassed: true,
    riskControlsPassed: true,
    executionControlsPassed: true,
    mode: "gitops",
    emergencyTicket: null,
  });
  if (!verdict.allowed) {
    return review(step, {
      ...passed.carried,
      reason: "TRANSITION_DENIED",
      detail: `guard refused ${from} -> ${to}: ${verdict.reason}`,
      action: "Correct what the rule names in the playbook or the candidate, then `baton resume`.",
      awaits: null,
    });
  }
  const { approvals } = stageRule(step.playbook, to);
  if (approvals && approvalNeeded(approvals, last.entry.spec)) {
    return review(step, {
      ...passed.carried,
      reason: "APPROVAL_REQUIRED",
      detail: `${from} passed: ${passed.summary}. ${to} needs ${approvals.required} approval${approvals.required > 1 ? "s" : ""}.`,
      action: `Read the evidence, then \`baton approve ${last.entry.candidateId}\` or \`baton reject ${last.entry.candidateId}\`.`,
      next: to,
      proof: evidenceDigest(passed.carried.artifacts),
      awaits: null,
    });
  }
  return move(step, to, {
    ...passed.carried,
    reason: "STAGE_PASSED",
    detail: `${from} passed: ${passed.summary}`,
  });
}

/** Dispatches `to`; in a new run if this run had it before (D3). */
export function move(
  step: Step,
  to: Stage,
  changes: Partial<Entry> & { reason: Reason; detail: string },
): Entry {
  const again = step.last.entry.visited.includes(to);
  return dispatch(step, to, {
    ...(again && newRun(step)),
    ...changes,
    guard: { from: step.last.entry.stage, to, rule: "transition_allowed" },
  });
}

/** Digest over names and digests of the artifacts: what an approval is bound to. */
export function evidenceDigest(artifacts: readonly ArtifactRef[]): string {
  return digestOf(canonicalJson(artifacts.map(({ name, sha256 }) => [name, sha256])));
}

function approvalNeeded(rule: ApprovalRule, spec: Entry["spec"]): boolean {
  if (!rule.when) return true;
  let at: unknown = spec;
  for (const key of rule.when.path.split(".")) {
    if (typeof at !== "object" || at === null) return true;
    at = Object.getOwnPropertyDescriptor(at, key)?.value;
  }
  return typeof at !== "string" || rule.when.in.includes(at);
}

/** The run's artifacts with `fresh` ones added; the same name made anew replaces the older one. */
function mergeArtifacts(
  before: readonly ArtifactRef[],
  fresh: readonly ArtifactRef[],
): ArtifactRef[] {
  if (fresh.length === 0) return [...before];
  const names = new Set(fresh.map((artifact) => artifact.name));
  return [...before.filter((artifact) => !names.has(artifact.name)), ...fresh];
}
