/**
 * A stage that a stop met in its middle. A stop is never a failure of what it stops: the stage is run again, as a run of its
 * own, and takes up what it had reached; the approvals that let it in still count, for as long as they would have.
 */
import {
  type About,
  type Approval,
  type WholeEntry,
  type Failure,
  isSamePerson,
  type ResultReport,
  type Stage,
} from "@baton/contracts";

import { type ApprovalRule } from "../format/approval-rule.ts";
import { anotherRunAllowed } from "../format/playbook.ts";
import { instantMs } from "../instant.ts";
import { approvalRuleFor, askApproval, evidenceDigest } from "./enter.ts";
import { dispatch, repeatedRun, type Step } from "./successor.ts";

/** The entry with which the stage goes on; undefined if the candidate has had its last run. */
export function goOn(
  step: Step,
  { stage }: ResultReport,
  { code, message }: Failure,
): WholeEntry | undefined {
  const { entry } = step.last;
  if (!anotherRunAllowed(step.playbook, entry.iteration)) return undefined;
  const about = { kind: "interrupted", stage, code, message } as const;
  return runAgainApproved(step, stage, { reason: "RESUMED", about });
}

/** Runs the stage again, on the approvals that it was entered with if enough of them still count; otherwise asks anew. */
export function runAgainApproved(
  step: Step,
  stage: Stage,
  on: { readonly reason: "RESUMED" | "RERUN"; readonly about: About },
): WholeEntry {
  const { entry } = step.last;
  const artifacts = entry.artifacts.filter((artifact) => artifact.stage !== stage);
  const run = repeatedRun(step, stage);
  const rule = approvalRuleFor(step, stage);
  if (rule === undefined) return dispatch(step, stage, { ...run, ...on, artifacts });
  const counting = stillCounting(step, stage, evidenceDigest(artifacts));
  if (!isEnough(counting, rule)) {
    const carried = { artifacts, hold: null, failure: null };
    return askApproval(step, stage, { about: on.about, carried });
  }
  const approvals = entry.approvals.map((one) =>
    counting.includes(one) ? { ...one, runId: run.runId } : one,
  );
  return dispatch(step, stage, { ...run, ...on, artifacts, approvals });
}

/** The approvals that let this run in, given on the same evidence, whose time isn't over. */
function stillCounting({ last: { entry }, now }: Step, stage: Stage, evidence: string): Approval[] {
  return entry.approvals.filter(
    (one) =>
      one.used === true &&
      one.stage === stage &&
      one.runId === entry.runId &&
      one.evidence === evidence &&
      (one.expires === undefined || instantMs(now) < instantMs(one.expires)),
  );
}

function isEnough(approvals: readonly Approval[], { required }: ApprovalRule): boolean {
  const people = approvals.filter(
    ({ by }, index) => !approvals.slice(0, index).some((other) => isSamePerson(other.by, by)),
  );
  return people.length >= required;
}
