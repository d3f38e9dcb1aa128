/** What a stage's result leads to, once it is known to answer the awaited dispatch. */
import {
  type ArtifactRef,
  cut,
  type Entry,
  type EvidenceRecord,
  type Failure,
  type FailureClass,
  incidentsOf,
  isStopFailure,
  MAX_ARTIFACTS,
  type Reason,
  REASONS,
  type ResultReport,
  type Stage,
  STALLED_CODE,
  type Verdict,
} from "@baton/contracts";

import { enter } from "./enter.ts";
import { withFresh } from "./evidence.ts";
import { goOn } from "./go-on.ts";
import { anotherRunAllowed, type Playbook, type StageRule, stageRule } from "./playbook.ts";
import { recoveryStage, waitsForKillSwitch } from "./promotion.ts";
import { countFailed, sameFailure, withoutTallies } from "./same-failure.ts";
import { close, review, type Step } from "./successor.ts";

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
  const on = { report, outcome, evidence, playbook: step.playbook };
  const { verdict, fault } = assess(rule, step.last.entry, on);
  if (fault !== undefined) {
    const own = evidence?.contradictions === undefined;
    return review(step, {
      reason: "EVIDENCE_MISSING",
      detail: cut(`${report.stage} of ${report.runId}: ${fault}`),
      action: own
        ? "Check the artifact store and the lane's log, then `baton resume` to run the stage again."
        : `Find out who wrote that with the key of ${rule.lane}, or which version it runs; change the key, then \`baton resume\` to run the stage again.`,
      awaits: null,
      evidence,
    });
  }
  const artifacts = withFresh(step.last.entry.artifacts, outcome.artifacts);
  if (artifacts.length > MAX_ARTIFACTS) {
    const message = `with its ${outcome.artifacts.length} artifacts the run has ${artifacts.length}; at most ${MAX_ARTIFACTS} are allowed`;
    const action =
      "Make the lane pack what belongs together into one artifact, then `baton resume`.";
    const failure: Failure = { class: "deterministic", code: "E_LIMIT", message, action };
    // A replay needs what was verified to come this far (J10).
    return { ...concludeFailure(step, report, failure), evidence };
  }
  const tallies = withoutTallies(step.last.entry, report.stage);
  const carried = { artifacts, evidence, failure: null, ...tallies };
  return follow(step, rule, { verdict, summary: outcome.summary, carried });
}

/** What a finished stage's claims are worth on what was verified: its verdict, and what is wrong with its evidence, if anything. */
export function assess(
  rule: StageRule,
  entry: Entry,
  on: {
    report: ResultReport;
    outcome: Done;
    evidence: EvidenceRecord | null;
    playbook: Playbook;
  },
): { readonly verdict: Verdict; readonly fault: string | undefined } {
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

function concludeFailure(step: Step, report: ResultReport, failure: Failure): Entry {
  const { stage, attempt } = report;
  const onward = isStopFailure(failure) && isStoppable(step.playbook, stage);
  const again = onward ? goOn(step, report, failure.message) : undefined;
  if (again) return again;
  const counted = countFailed(step.last.entry, stage, failure);
  const why = `${stage} failed at attempt ${attempt}: ${failure.code} ${failure.message}`;
  return review(step, {
    reason: reasonOf(failure),
    detail: why,
    action: actionAfter(step.last.entry, failure),
    ...sameFailure(step, { failure, attempt, own: counted.own }),
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

/** A lane's words are about the attempt; once there is no other, what follows isn't done by itself any more. */
function actionAfter({ candidateId }: Entry, failure: Failure): string {
  const reason = reasonOf(failure);
  const action = failure.action || REASONS[reason].action;
  if (reason !== "RETRIES_EXHAUSTED" || action.includes("`baton resume")) return action;
  return `${action} When that is mended, \`baton resume ${candidateId}\` runs the stage again.`;
}

function reasonOf({ class: kind, code }: Failure): Reason {
  return kind === "transient" && code === STALLED_CODE ? "STALLED" : REASON_OF[kind];
}

interface Claim {
  readonly report: ResultReport;
  readonly artifacts: readonly ArtifactRef[];
  readonly evidence: EvidenceRecord | null;
  readonly verdict: Verdict;
}

/** What is wrong with the evidence for a result, or undefined. Fails closed. */
function evidenceFault(rule: StageRule, claim: Claim): string | undefined {
  const { report, artifacts, evidence } = claim;
  const digests = new Map<string, string>();
  for (const { name, sha256, stage, runId } of artifacts) {
    if (digests.has(name)) return `its result names the artifact ${name} twice`;
    digests.set(name, sha256);
    if (stage !== report.stage || runId !== report.runId)
      return `artifact ${name} was made by ${stage} of ${runId}`;
    const found = Object.getOwnPropertyDescriptor(evidence?.artifacts ?? {}, name);
    const state = String(found?.value ?? "missing");
    if (state !== "present") return `artifact ${name} is ${state} in the store`;
    const said = Object.getOwnPropertyDescriptor(evidence?.contradictions ?? {}, name);
    if (said) return `artifact ${name} contradicts the dispatch: ${String(said.value)}`;
  }
  if (rule.gate !== null) {
    if (!evidence?.gate) return `its gate report ${rule.gate} is missing or of another run`;
    if (evidence.gate.sha256 !== digests.get(rule.gate))
      return `its gate report ${rule.gate} isn't the one that was read (${evidence.gate.sha256.slice(0, 12)})`;
  }
  // A gate that failed needn't have made what only a pass makes.
  const absent = rule.artifacts.find((name) => !digests.has(name));
  return claim.verdict === "pass" && absent !== undefined
    ? `its result doesn't name the artifact ${absent} that the playbook asks for`
    : undefined;
}

/** A stage may make its own artifacts anew, never another's: what was judged stays what it was. */
function replacementFault({ artifacts }: Entry, { report, artifacts: fresh }: Claim) {
  const names = new Set(fresh.map((artifact) => artifact.name));
  const replaced = artifacts.find(({ name, stage }) => names.has(name) && stage !== report.stage);
  return replaced && `artifact ${replaced.name} would replace the one that ${replaced.stage} made`;
}

/** Nor may it take the place of what the playbook asks of another stage, before that one has made it. */
function foreignFault(rule: StageRule, { stages }: Playbook, { artifacts }: Claim) {
  const own = new Set([...rule.artifacts, rule.gate]);
  for (const { name } of artifacts) {
    if (own.has(name)) continue;
    for (const other of stages.values())
      if (other.gate === name || other.artifacts.includes(name))
        return `artifact ${name} is one that the playbook asks of ${other.stage}`;
  }
  return undefined;
}

interface Concluded {
  readonly verdict: Verdict;
  readonly summary: string;
  readonly carried: Pick<Entry, "artifacts" | "evidence" | "failure" | "tallies">;
}

function follow(step: Step, rule: StageRule, result: Concluded): Entry {
  const { carried, verdict } = result;
  const gate = carried.evidence?.gate?.reasons ?? [];
  const why = gate.length > 0 ? gate.join("; ") : result.summary;
  if (verdict === "inconclusive") {
    return review(step, {
      ...carried,
      reason: "GATE_INCONCLUSIVE",
      detail: `${rule.stage} was inconclusive: ${why}`,
      action: "Read the gate report; `baton resume` to run the stage again, or `baton reject`.",
      awaits: null,
    });
  }
  if (verdict === "fail") return followFail(step, rule, { carried, why, gate });
  const detail = `${rule.stage} passed: ${result.summary}`;
  // Recovery that passed has shown that nothing of it runs any more.
  const isOut = rule.stage === recoveryStage(step.playbook);
  const onward = isOut ? { ...carried, promoted: false } : carried;
  if (rule.pass === null) return close(step, { ...onward, ...ending(step, detail) });
  return enter(step, {
    to: rule.pass,
    reason: "STAGE_PASSED",
    detail,
    gatePassed: true,
    carried: onward,
  });
}

/** An end by recovery isn't the success that the last stage's pass otherwise is. */
function ending(
  { last: { entry }, playbook }: Step,
  detail: string,
): { readonly reason: Reason; readonly detail: string } {
  const recovery = recoveryStage(playbook);
  // The evidence of what recovery took out may have been sealed before: then this is another run of that stage.
  const recovered = entry.promoted === false || entry.visited.some((stage) => stage === recovery);
  if (recovery === undefined || !recovered) return { reason: "COMPLETED", detail };
  const of = entry.incident ? ` of incident ${incidentsOf(entry).join(", ")}` : "";
  return {
    reason: "RECOVERED",
    detail: `${detail}; recovery${of} took its strategy out of service`,
  };
}

function followFail(
  step: Step,
  rule: StageRule,
  result: { carried: Concluded["carried"]; why: string; gate: readonly string[] },
): Entry {
  const { why, gate, carried } = result;
  const { loops, runId, feedback, iteration } = step.last.entry;
  const { start, limits } = step.playbook;
  const detail = `${rule.stage} failed: ${why}`;
  const mayLoop = loops < limits.maxLoops && anotherRunAllowed(step.playbook, iteration);
  if (rule.fail === start && mayLoop) {
    const reasons = (gate.length > 0 ? gate : [cut(why, 300)]).slice(0, 50);
    return enter(step, {
      to: start,
      reason: "LOOPED_BACK",
      detail,
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
    return enter(step, { to: rule.fail, reason: "INCIDENT", detail, gatePassed: false, carried });
  }
  return review(step, {
    ...carried,
    reason: "GATE_FAILED",
    detail: `${rule.stage} failed${loops > 0 ? ` again after ${loops} loop${loops > 1 ? "s" : ""} back` : ""}: ${why}`,
    action: actionAfterGate(step, rule),
    awaits: null,
  });
}

/** A changed candidate answers a gate's no, but takes nothing out of service: recovery has to be run again. */
function actionAfterGate({ last: { entry }, playbook }: Step, { stage }: StageRule): string {
  return stage === recoveryStage(playbook)
    ? `Mend what the gate report names, then \`baton resume ${entry.candidateId}\` runs ${stage} again; until it is through, its strategy may still run.`
    : "Read the gate report, change the candidate and submit it as a new one, or `baton cancel` this one.";
}
