/** What a stage's result leads to, once it is known to answer the awaited dispatch. */
import {
  type About,
  type ArtifactRef,
  BUDGET_CODE,
  cut,
  type WholeEntry,
  type EvidenceFault,
  type EvidenceRecord,
  type Failure,
  type FailureClass,
  isStopFailure,
  MAX_ARTIFACTS,
  type Reason,
  type ResultReport,
  type Stage,
  STALLED_CODE,
  type Verdict,
} from "@baton/contracts";

import { anotherRunAllowed, type Playbook, type StageRule, stageRule } from "../format/playbook.ts";
import { recoveryStage, waitsForKillSwitch } from "../format/promotion.ts";
import { enter } from "./enter.ts";
import { withFresh } from "./evidence.ts";
import { goOn } from "./go-on.ts";
import { countFailed, sameFailure, withoutTallies } from "./same-failure.ts";
import { close, review, type Step } from "./successor.ts";

const REASON_OF: Record<FailureClass, Reason> = {
  transient: "RETRIES_EXHAUSTED",
  deterministic: "DETERMINISTIC_FAILURE",
  spec: "SPEC_INVALID",
  policy: "POLICY_DENIED",
};

/** The entry that a result leads to. `evidence` is what the coordinator verified about it; null counts as nothing verified. */
export function conclude(
  step: Step,
  report: ResultReport,
  evidence: EvidenceRecord | null,
): WholeEntry {
  const { outcome } = report;
  const rule = stageRule(step.playbook, report.stage);
  if (outcome.kind === "failed") return concludeFailure(step, report, outcome.failure);
  const on = { report, outcome, evidence, playbook: step.playbook };
  const { verdict, fault } = assess(rule, step.last.entry, on);
  if (fault !== undefined) {
    return review(step, {
      reason: "EVIDENCE_MISSING",
      about: { kind: "unfit-evidence", stage: report.stage, lane: rule.lane, fault },
      awaits: null,
      evidence,
    });
  }
  const artifacts = withFresh(step.last.entry.artifacts, outcome.artifacts);
  if (artifacts.length > MAX_ARTIFACTS) {
    const [own, all] = [outcome.artifacts.length, artifacts.length];
    const { stage } = report;
    return review(step, {
      reason: "DETERMINISTIC_FAILURE",
      about: { kind: "too-many-artifacts", stage, own, all, most: MAX_ARTIFACTS },
      awaits: null,
      failure: null,
      // A replay needs what was verified to come this far (J10).
      evidence,
    });
  }
  const tallies = withoutTallies(step.last.entry, report.stage);
  const carried = { artifacts, evidence, failure: null, ...tallies };
  return follow(step, rule, { verdict, summary: outcome.summary, carried });
}

/** What a finished stage's claims are worth on what was verified: its verdict, and what is wrong with its evidence, if anything. */
export function assess(
  rule: StageRule,
  entry: WholeEntry,
  on: {
    report: ResultReport;
    outcome: Done;
    evidence: EvidenceRecord | null;
    playbook: Playbook;
  },
): { readonly verdict: Verdict; readonly fault: EvidenceFault | undefined } {
  const { report, outcome, evidence } = on;
  const verdict =
    rule.gate === null ? outcome.verdict : (evidence?.gate?.verdict ?? "inconclusive");
  const claim = { report, artifacts: outcome.artifacts, evidence, verdict };
  const fault =
    evidenceFault(rule, claim) ??
    replacementFault(entry, claim) ??
    foreignFault(rule, on.playbook, claim);
  return { verdict, fault };
}

type Done = Extract<ResultReport["outcome"], { kind: "done" }>;

function concludeFailure(step: Step, report: ResultReport, failure: Failure): WholeEntry {
  const { stage, attempt } = report;
  const onward = isStopFailure(failure) && isStoppable(step.playbook, stage);
  const again = onward ? goOn(step, report, failure) : undefined;
  if (again) return again;
  const counted = countFailed(step.last.entry, stage, failure);
  const same = sameFailure(step, { failure, attempt, own: counted.own });
  return review(step, {
    reason: same ? "SAME_FAILURE" : reasonOf(failure),
    about: { kind: "failed", stage, attempt, ...(same && { same }) },
    awaits: null,
    ...counted.changes,
    failure,
    attempt,
  });
}

/** True for a stage that a stop may meet in its middle; from any other lane such words are a failure like others. */
function isStoppable(playbook: Playbook, stage: Stage): boolean {
  return (
    stage === recoveryStage(playbook) || waitsForKillSwitch(playbook, stageRule(playbook, stage))
  );
}

function reasonOf({ class: kind, code }: Failure): Reason {
  if (kind === "policy" && code === BUDGET_CODE) return "BUDGET";
  return kind === "transient" && code === STALLED_CODE ? "STALLED" : REASON_OF[kind];
}

interface Claim {
  readonly report: ResultReport;
  readonly artifacts: readonly ArtifactRef[];
  readonly evidence: EvidenceRecord | null;
  readonly verdict: Verdict;
}

/** What is wrong with the evidence for a result, or undefined. Fails closed. */
function evidenceFault(rule: StageRule, claim: Claim): EvidenceFault | undefined {
  const { report, artifacts, evidence } = claim;
  const digests = new Map<string, string>();
  for (const { name, sha256, stage, runId } of artifacts) {
    if (digests.has(name)) return { kind: "named-twice", artifact: name };
    digests.set(name, sha256);
    if (stage !== report.stage || runId !== report.runId)
      return { kind: "made-elsewhere", artifact: name, stage, runId };
    const found = Object.getOwnPropertyDescriptor(evidence?.artifacts ?? {}, name);
    const state = String(found?.value ?? "missing");
    if (state !== "present") return { kind: "not-stored", artifact: name, state };
    const said = Object.getOwnPropertyDescriptor(evidence?.contradictions ?? {}, name);
    if (said) return { kind: "contradicts", artifact: name, what: String(said.value) };
  }
  if (rule.gate !== null) {
    if (!evidence?.gate) return { kind: "no-gate-report", artifact: rule.gate };
    const { sha256: read } = evidence.gate;
    if (read !== digests.get(rule.gate))
      return { kind: "other-gate-report", artifact: rule.gate, read };
  }
  // A gate that failed needn't have made what only a pass makes.
  const absent = rule.artifacts.find((name) => !digests.has(name));
  return claim.verdict === "pass" && absent !== undefined
    ? { kind: "not-named", artifact: absent }
    : undefined;
}

/** A stage may make its own artifacts anew, never another's: what was judged stays what it was. */
function replacementFault(
  { artifacts }: WholeEntry,
  { report, artifacts: fresh }: Claim,
): EvidenceFault | undefined {
  const names = new Set(fresh.map((artifact) => artifact.name));
  const replaced = artifacts.find(({ name, stage }) => names.has(name) && stage !== report.stage);
  return replaced && { kind: "replaces", artifact: replaced.name, stage: replaced.stage };
}

/** Nor may it take the place of what the playbook asks of another stage, before that one has made it. */
function foreignFault(
  rule: StageRule,
  { stages }: Playbook,
  { artifacts }: Claim,
): EvidenceFault | undefined {
  const own = new Set([...rule.artifacts, rule.gate]);
  for (const { name } of artifacts) {
    if (own.has(name)) continue;
    for (const other of stages.values())
      if (other.gate === name || other.artifacts.includes(name))
        return { kind: "not-its-own", artifact: name, stage: other.stage };
  }
  return undefined;
}

interface Concluded {
  readonly verdict: Verdict;
  readonly summary: string;
  readonly carried: Pick<WholeEntry, "artifacts" | "evidence" | "failure" | "tallies">;
}

function follow(step: Step, rule: StageRule, result: Concluded): WholeEntry {
  const { carried, verdict } = result;
  const { summary } = result;
  if (verdict === "inconclusive") {
    return review(step, {
      ...carried,
      reason: "GATE_INCONCLUSIVE",
      about: gateAbout(step, rule, { verdict, summary }),
      awaits: null,
    });
  }
  if (verdict === "fail") return followFail(step, rule, result);
  const about = { kind: "passed", stage: rule.stage, summary } as const;
  // Recovery that passed has shown that nothing of it runs any more.
  const isOut = rule.stage === recoveryStage(step.playbook);
  const onward = isOut ? { ...carried, promoted: false } : carried;
  if (rule.pass === null) return close(step, { ...onward, reason: ending(step), about });
  return enter(step, {
    to: rule.pass,
    reason: "STAGE_PASSED",
    about,
    gatePassed: true,
    carried: onward,
  });
}

/** An end by recovery isn't the success that the last stage's pass otherwise is. */
function ending({ last: { entry }, playbook }: Step): "COMPLETED" | "RECOVERED" {
  const recovery = recoveryStage(playbook);
  // The evidence of what recovery took out may have been sealed before: then this is another run of that stage.
  const recovered = entry.promoted === false || entry.visited.some((stage) => stage === recovery);
  return recovery !== undefined && recovered ? "RECOVERED" : "COMPLETED";
}

/** What the gate said stands in the evidence. */
function gateAbout(
  { last, playbook }: Step,
  { stage }: StageRule,
  on: { readonly verdict: "fail" | "inconclusive"; readonly summary: string },
): About {
  const { loops } = last.entry;
  const isRecovery = stage === recoveryStage(playbook);
  return { kind: "gate", stage, ...on, loops, ...(isRecovery && { recovery: true }) };
}

function followFail(step: Step, rule: StageRule, { carried, summary }: Concluded): WholeEntry {
  const { loops, runId, feedback, iteration } = step.last.entry;
  const { start, limits } = step.playbook;
  const about = gateAbout(step, rule, { verdict: "fail", summary });
  const mayLoop = loops < limits.maxLoops && anotherRunAllowed(step.playbook, iteration);
  if (rule.fail === start && mayLoop) {
    const gate = carried.evidence?.gate?.reasons ?? [];
    const reasons = (gate.length > 0 ? gate : [cut(summary, 300)]).slice(0, 50);
    return enter(step, {
      to: start,
      reason: "LOOPED_BACK",
      about,
      gatePassed: false,
      loop: true,
      carried: {
        ...carried,
        artifacts: [],
        loops: loops + 1,
        feedback: [...feedback, { runId, stage: rule.stage, reasons }].slice(-20),
      },
    });
  }
  if (rule.fail !== null && rule.fail !== start) {
    return enter(step, { to: rule.fail, reason: "INCIDENT", about, gatePassed: false, carried });
  }
  return review(step, { ...carried, reason: "GATE_FAILED", about, awaits: null });
}
