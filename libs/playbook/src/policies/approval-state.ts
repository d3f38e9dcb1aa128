/**
 * What an approval is worth: it is given for one entry into a stage, on the digest of what was made before, for a time.
 *
 * used     it was among those that let the candidate enter
 * counts   the question that is open is the one it answered, and its time isn't over
 * expired  the same, but its time is over
 * void     what it was given on isn't what is asked about: other evidence, another run, or nothing is asked
 */
import type { Approval, Entry, Instant, Review, RunId, Stage } from "@baton/contracts";

import { runIdOf } from "../identify.ts";
import { instantMs } from "../instant.ts";

export type ApprovalState = "used" | "counts" | "expired" | "void";

/** A question that approvals answer. */
export type ApprovalQuestion = Review & { readonly next: Stage; readonly evidence: string };

/** The question that approvals would answer now, or undefined. */
export function approvalQuestion({ reason, review }: Entry): ApprovalQuestion | undefined {
  if (reason !== "APPROVAL_REQUIRED" || !review) return undefined;
  const { next, evidence } = review;
  return next === null || evidence === null ? undefined : { ...review, next, evidence };
}

/** The run in which `stage` would be entered: one that had it gets a successor. */
export function runEntering({ candidateId, runId, ...entry }: Entry, stage: Stage): RunId {
  return entry.visited.includes(stage)
    ? runIdOf(candidateId, entry.playbook, entry.iteration + 1)
    : runId;
}

/** What `approval` is worth at `now`, `entry` being the candidate's last. */
export function approvalState(approval: Approval, entry: Entry, now: Instant): ApprovalState {
  if (approval.used === true) return "used";
  const question = approvalQuestion(entry);
  const answersIt =
    question?.next === approval.stage &&
    question.evidence === approval.evidence &&
    runEntering(entry, question.next) === approval.runId;
  if (!answersIt) return "void";
  const { expires } = approval;
  return expires !== undefined && instantMs(now) >= instantMs(expires) ? "expired" : "counts";
}
