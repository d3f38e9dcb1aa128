/** Approvals: who may give one, to what it is bound, and what the last missing one leads to. */
import type { Approval, Command, Entry, Review, Stage } from "@baton/contracts";

import { type Decision, reject } from "./decision.ts";
import { enter } from "./enter.ts";
import { stageRule } from "./playbook.ts";
import { dispatch, newRun, type Step, successor } from "./successor.ts";

type Approve = Extract<Command, { type: "approve" }>;
type Open = Review & { next: Stage; evidence: string };

const MAX_APPROVALS = 20;

/** Decides an approval: refused, noted as one of several, or the one that lets the candidate enter the stage. */
export function approve(step: Step, command: Approve): Decision {
  const { entry } = step.last;
  const question = openQuestion(entry);
  if (!question) {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} doesn't wait for an approval (${entry.reason})`,
      "`baton explain` says what it waits for.",
    );
  }
  const rule = stageRule(step.playbook, question.next).approvals;
  const required = rule?.required ?? 1;
  // A stage that this run had is entered in a new one: what was approved for the earlier entry is used up.
  const { runId } = entry.visited.includes(question.next) ? newRun(step) : entry;
  const given = entry.approvals.filter(
    (one) =>
      one.stage === question.next && one.runId === runId && one.evidence === question.evidence,
  );
  const mayAuthor = rule?.notAuthor === false;
  const refusal = refusalOf(entry, command, { question, given, required, mayAuthor });
  if (refusal) return refusal;
  const approval: Approval = {
    stage: question.next,
    runId,
    by: command.by,
    why: command.why,
    commandId: command.id,
    time: step.now,
    evidence: question.evidence,
  };
  return grant(step, question.next, { given: [...given, approval], required });
}

function openQuestion({ reason, review }: Entry): Open | undefined {
  if (reason !== "APPROVAL_REQUIRED" || !review) return undefined;
  const { next, evidence } = review;
  return next === null || evidence === null ? undefined : { ...review, next, evidence };
}

function refusalOf(
  entry: Entry,
  command: Approve,
  on: { question: Open; given: readonly Approval[]; required: number; mayAuthor: boolean },
): Decision | undefined {
  const { question, given, required } = on;
  if (command.evidence !== undefined && command.evidence !== question.evidence) {
    return reject(
      "E_CONFLICT",
      `approval is for evidence ${command.evidence.slice(0, 12)}, the candidate's is ${question.evidence.slice(0, 12)}`,
      "Read the evidence as it is now and approve again.",
    );
  }
  if (!on.mayAuthor && command.by === entry.author) {
    return reject(
      "E_DENIED",
      `${command.by} submitted ${entry.candidateId} and can't approve it`,
      `It needs ${required} other${required > 1 ? "s" : ""}.`,
    );
  }
  if (given.some((one) => one.by === command.by)) {
    return reject(
      "E_CONFLICT",
      `${command.by} has approved this already`,
      `It needs ${required - given.length} more by others.`,
    );
  }
  return undefined;
}

function grant(
  step: Step,
  next: Stage,
  { given, required }: { given: readonly Approval[]; required: number },
): Decision {
  const { entry } = step.last;
  const latest = given.slice(-1);
  const approvals = [...entry.approvals, ...latest].slice(-MAX_APPROVALS);
  const why = latest.map((one) => one.why).join();
  const by = given.map((one) => one.by).join(", ");
  // What was verified stays with the question, so that its last approval moves on that and on nothing else (J2).
  const { artifacts, evidence } = entry;
  const missing = required - given.length;
  if (missing > 0) {
    const detail = `Approved by ${by}: ${why}. ${missing} more needed for ${next}.`;
    const noted = { reason: "APPROVAL_REQUIRED", detail, approvals, evidence } as const;
    return { kind: "append", entry: successor(step, noted) };
  }
  const granted = { reason: "APPROVED", detail: `Approved by ${by}: ${why}` } as const;
  if (next === entry.stage) {
    // A rerun: the stage was entered past the guard before.
    const again = dispatch(step, next, { ...newRun(step), ...granted, approvals });
    return { kind: "append", entry: again };
  }
  const passage = {
    ...granted,
    to: next,
    // The question is only asked after the guard allowed the move.
    gatePassed: true,
    carried: { artifacts, evidence, approvals },
    approved: true,
  } as const;
  return { kind: "append", entry: enter(step, passage) };
}
