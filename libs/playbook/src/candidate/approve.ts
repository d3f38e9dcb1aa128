/**
 * Approvals: who may give one, to what it is bound, and what the last missing one leads to.
 *
 * V1: people are counted, not keys or commands: a name counts once, however it is written (contracts, person-name.ts).
 * V2: one that is bound to other evidence, to another run, or whose time is over doesn't count (approval-state.ts).
 * V3: where people are known, it names the evidence: only what was signed can be verified by whoever moves the money.
 */
import {
  type Approval,
  type Command,
  type Entry,
  type Instant,
  isSamePerson,
} from "@baton/contracts";

import { APPROVAL_SECONDS, type ApprovalRule } from "../format/approval-rule.ts";
import { stageRule } from "../format/playbook.ts";
import { after } from "../instant.ts";
import {
  type ApprovalQuestion,
  approvalQuestion,
  approvalState,
  runEntering,
} from "../policies/approval-state.ts";
import { type Decision, type Refusal, reject } from "./decision.ts";
import { enter } from "./enter.ts";
import { dispatch, repeatedRun, type Step, successor } from "./successor.ts";

type Approve = Extract<Command, { type: "approve" }>;

const MAX_APPROVALS = 20;

/** What is asked, and the approvals that count for it. */
interface ApprovalsSoFar {
  readonly question: ApprovalQuestion;
  readonly given: readonly Approval[];
  readonly required: number;
  readonly mayAuthor: boolean;
  /** True: who sent it was verified, so what it was given on must be too (V3). */
  readonly isSigned: boolean;
}

/** Decides an approval: refused, noted as one of several, or the one that lets the candidate enter the stage. */
export function approve(step: Step, command: Approve): Decision {
  const { entry } = step.last;
  const question = approvalQuestion(entry);
  if (!question) return notAsked(entry);
  const rule = stageRule(step.playbook, question.next).approvals;
  const standing: ApprovalsSoFar = {
    question,
    given: entry.approvals.filter((one) => approvalState(one, entry, step.now) === "counts"),
    required: rule?.required ?? 1,
    mayAuthor: rule?.notAuthor === false,
    isSigned: step.cause.kind === "command" && step.cause.roles !== undefined,
  };
  const refusal = refusalOf(entry, command, standing);
  return refusal ?? grant(step, standing, approvalOf(step, command, { question, rule }));
}

/**
 * What is known against an approval from the candidate's last entry alone, before it is sent: it isn't asked for, it is its
 * author's, it was given already, or it is for other evidence. Undefined: the coordinator decides. `now` as an ISO instant.
 */
export function knownRefusal(
  entry: Entry,
  command: Pick<Approve, "by" | "evidence">,
  now: Instant,
): Refusal | undefined {
  const question = approvalQuestion(entry);
  if (!question) return entry.holder === "closed" ? undefined : notAsked(entry);
  const asked = question.answers?.find((one) => one.command === "approve");
  return refusalOf(entry, command, {
    question,
    given: entry.approvals.filter((one) => approvalState(one, entry, now) === "counts"),
    required: asked?.people ?? 1,
    mayAuthor: asked?.notBy === undefined,
    isSigned: false,
  });
}

function notAsked({ candidateId, reason }: Entry): Refusal {
  return reject(
    "E_CONFLICT",
    `${candidateId} doesn't wait for an approval (${reason})`,
    "`baton explain` says what it waits for.",
  );
}

function approvalOf(
  { last, now, cause }: Step,
  { by, why, id, publicKey }: Approve,
  { question, rule }: { question: ApprovalQuestion; rule: ApprovalRule | null },
): Approval {
  const roles = cause.kind === "command" ? cause.roles : undefined;
  return {
    stage: question.next,
    runId: runEntering(last.entry, question.next),
    by,
    why,
    commandId: id,
    time: now,
    evidence: question.evidence,
    expires: after(now, rule?.expiresSeconds ?? APPROVAL_SECONDS),
    ...(roles !== undefined && { roles }),
    ...(publicKey !== undefined && { publicKey }),
  };
}

function refusalOf(
  entry: Entry,
  command: Pick<Approve, "by" | "evidence">,
  standing: ApprovalsSoFar,
): Refusal | undefined {
  const { question, given, required } = standing;
  if (standing.isSigned && command.evidence === undefined) {
    return reject(
      "E_INVALID",
      `the approval doesn't say on which evidence; the candidate's is ${question.evidence.slice(0, 12)}`,
      "`baton approve ID --why …` signs the evidence that it shows; a client of your own must name it in `evidence`.",
    );
  }
  if (command.evidence !== undefined && command.evidence !== question.evidence) {
    return reject(
      "E_CONFLICT",
      `approval is for evidence ${command.evidence.slice(0, 12)}, the candidate's is ${question.evidence.slice(0, 12)}`,
      "Read the evidence as it is now and approve again.",
    );
  }
  if (!standing.mayAuthor && isSamePerson(command.by, entry.author)) {
    return reject(
      "E_DENIED",
      `${command.by} submitted ${entry.candidateId} and can't approve it`,
      `It needs ${required} other${required > 1 ? "s" : ""}.`,
    );
  }
  if (given.some((one) => isSamePerson(one.by, command.by))) {
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
  { question, given, required }: ApprovalsSoFar,
  latest: Approval,
): Decision {
  const { entry } = step.last;
  const { next } = question;
  const counted = [...given, latest];
  const all = [...entry.approvals, latest].slice(-MAX_APPROVALS);
  const by = counted.map((one) => one.by);
  // What was verified stays with the question, so that its last approval moves on that and on nothing else (J2).
  const { artifacts, evidence } = entry;
  const missing = Math.max(0, required - counted.length);
  const about = { kind: "approved", stage: next, by, missing } as const;
  if (missing > 0) {
    const noted = {
      reason: "APPROVAL_REQUIRED",
      about: { ...about, ...expired(step) },
      approvals: all,
      evidence,
    } as const;
    return { kind: "append", entry: successor(step, noted) };
  }
  const approvals = all.map((one) => (counted.includes(one) ? { ...one, used: true } : one));
  const granted = { reason: "APPROVED", about } as const;
  if (next === entry.stage) {
    // A rerun: the stage was entered past the guard before.
    const again = dispatch(step, next, { ...repeatedRun(step, next), ...granted, approvals });
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

function expired({ last: { entry }, now }: Step) {
  const gone = entry.approvals.flatMap(({ by, expires, ...one }) =>
    expires !== undefined && approvalState({ by, expires, ...one }, entry, now) === "expired"
      ? [{ by, expires }]
      : [],
  );
  return gone.length > 0 && { expired: gone };
}
