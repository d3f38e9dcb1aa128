/** How a candidate enters a stage: the guard, then the approvals, then the dispatch. No other way leads to a lane. */
import {
  type About,
  type ArtifactRef,
  canonicalJson,
  type WholeEntry,
  type EvidenceRecord,
  type Reason,
  type Stage,
} from "@baton/contracts";

import { type ApprovalRule } from "../format/approval-rule.ts";
import { anotherRunAllowed, type Playbook, stageRule } from "../format/playbook.ts";
import { digestOf } from "../identify.ts";
import { checkTransition, type TransitionVerdict } from "../policies/guard.ts";
import type { Stop } from "../policies/stops.ts";
import { dispatch, newRun, review, type Step } from "./successor.ts";

/** A move that is wanted, and what was verified about the stage that is left. */
export interface Passage {
  readonly to: Stage;
  /** Of the dispatch, if it comes to one. */
  readonly reason: Reason;
  readonly about: About;
  /** The verdict on the stage that is left was a pass. */
  readonly gatePassed: boolean;
  readonly carried: Partial<WholeEntry> & Pick<WholeEntry, "artifacts" | "evidence">;
  /** True: in a new run even if this one hasn't had the stage. */
  readonly loop?: true;
  /** True: the approvals that `to` needs are in `carried`. */
  readonly approved?: true;
}

/** Goes on to `passage.to` if the guard and the approvals allow it (J2); otherwise asks a person. */
export function enter(step: Step, passage: Passage): WholeEntry {
  const { entry } = step.last;
  const { to } = passage;
  // What an earlier run of `to` made is neither its input nor what its approvals are given on.
  const artifacts = passage.carried.artifacts.filter((artifact) => artifact.stage !== to);
  const carried = { ...passage.carried, artifacts };
  const again = passage.loop === true || entry.visited.includes(to);
  const refusal = refusalOf(step, passage, again);
  if (refusal !== undefined) {
    return review(step, {
      ...carried,
      reason: "TRANSITION_DENIED",
      about: passage.about,
      denied: { from: entry.stage, to, rule: refusal },
      awaits: null,
    });
  }
  const rule = approvalRuleFor(step, to);
  if (rule && passage.approved !== true)
    return askApproval(step, to, { about: passage.about, carried });
  return dispatch(step, to, {
    // D3: what this run had once it doesn't get again.
    ...(again && newRun(step)),
    ...carried,
    reason: passage.reason,
    about: passage.about,
    guard: { from: entry.stage, to, rule: "transition_allowed" },
  });
}

function refusalOf(step: Step, passage: Passage, again: boolean): string | undefined {
  const { entry } = step.last;
  const { to, gatePassed, carried } = passage;
  const verdict = checkPassage(step.playbook, entry, {
    to,
    gatePassed,
    evidence: carried.evidence,
  });
  if (!verdict.allowed) return verdict.reason;
  return again && !anotherRunAllowed(step.playbook, entry.iteration)
    ? `iteration_limit_reached:${entry.iteration + 1}`
    : undefined;
}

/** What the guard says to a candidate's move from where `entry` has it, on what was verified about the stage it leaves. */
export function checkPassage(
  playbook: Playbook,
  entry: WholeEntry,
  on: { to: Stage; gatePassed: boolean; evidence: EvidenceRecord | null; stop?: Stop | undefined },
): TransitionVerdict {
  const { candidateId, runId, stage, hold, incident } = entry;
  const stop = on.stop?.reason;
  return checkTransition(playbook, {
    candidateId,
    runId,
    from: stage,
    to: on.to,
    state: { candidateId, runId, activeStage: stage, paused: hold !== null },
    previousArtifact: allPresent(on.evidence),
    previousGatePassed: on.gatePassed,
    riskControlsPassed: stop === undefined || stop === "KILL_SWITCH",
    executionControlsPassed: stop !== "KILL_SWITCH",
    mode: "gitops",
    emergencyTicket: null,
    incident: incident != null,
  });
}

/** At least one artifact was looked for, and every one was found with its digest. */
function allPresent(evidence: EvidenceRecord | null): boolean {
  const found = Object.values(evidence?.artifacts ?? {});
  return found.length > 0 && found.every((state) => state === "present");
}

/** Digest over names and digests of the artifacts: what an approval is bound to. */
export function evidenceDigest(artifacts: readonly ArtifactRef[]): string {
  return digestOf(canonicalJson(artifacts.map(({ name, sha256 }) => [name, sha256])));
}

/** The approvals that `stage` needs for this candidate, or undefined if none. */
export function approvalRuleFor({ playbook, last }: Step, stage: Stage): ApprovalRule | undefined {
  const rule = stageRule(playbook, stage).approvals;
  return rule && approvalNeeded(rule, last.entry.spec) ? rule : undefined;
}

/** Asks for the approvals that `to` needs, bound to the artifacts that are carried. */
export function askApproval(
  step: Step,
  to: Stage,
  on: { about: About; carried: Pick<WholeEntry, "artifacts"> & Partial<WholeEntry> },
): WholeEntry {
  return review(step, {
    ...on.carried,
    reason: "APPROVAL_REQUIRED",
    about: on.about,
    next: to,
    proof: evidenceDigest(on.carried.artifacts),
    awaits: null,
  });
}

function approvalNeeded(rule: ApprovalRule, spec: WholeEntry["spec"]): boolean {
  if (!rule.when) return true;
  let at: unknown = spec;
  for (const key of rule.when.path.split(".")) {
    if (typeof at !== "object" || at === null) return true;
    at = Object.getOwnPropertyDescriptor(at, key)?.value;
  }
  return typeof at !== "string" || rule.when.in.includes(at);
}
