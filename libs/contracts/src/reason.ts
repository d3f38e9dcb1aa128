/**
 * The closed catalogue of reason codes. A candidate that stands somewhere stands there for exactly one of these;
 * the same string is used in the journal, the CLI, logs, spans, metrics and the runbook's heading.
 */
import { z } from "zod";

import type { Foreign } from "./wire.ts";

/** What one code means: for people who look at a candidate, and what they should do. */
export interface ReasonText {
  /** `moving`: a lane works on it; `waiting`: it goes on by itself; `human`: a person must act; `closed`: nothing follows. */
  readonly state: "moving" | "waiting" | "human" | "closed";
  /** One sentence: why it stands here. */
  readonly meaning: string;
  /** One action for the person who reads it. */
  readonly action: string;
}

const text = (state: ReasonText["state"], meaning: string, action: string): ReasonText => ({
  state,
  meaning,
  action,
});

/** Every reason code with its text. */
export const REASONS = {
  SUBMITTED: text(
    "moving",
    "It was accepted and its first stage was handed to a lane.",
    "Nothing: wait for the lane.",
  ),
  STAGE_PASSED: text(
    "moving",
    "The stage before passed on evidence that was verified.",
    "Nothing: wait for the lane.",
  ),
  LOOPED_BACK: text(
    "moving",
    "A gate failed; a new run started with the gate's reasons attached.",
    "Nothing: the new run takes the reasons into account.",
  ),
  RERUN: text(
    "moving",
    "A person asked for the stage to be run again as a new run.",
    "Nothing: wait for the lane.",
  ),
  SENT_BACK: text(
    "moving",
    "A person sent it back to the start; a new run has the reasons attached.",
    "Nothing: the new run takes the reasons into account.",
  ),
  APPROVED: text(
    "moving",
    "The approvals that the next stage needs were given.",
    "Nothing: wait for the lane.",
  ),
  RESUMED: text(
    "moving",
    "A hold or a stop was lifted; the stage that was in flight goes on.",
    "Nothing: wait for the lane.",
  ),
  WORKERS_BACK: text(
    "moving",
    "Its lane has workers again, or what they work with; the stage that waited goes on.",
    "Nothing: wait for the lane.",
  ),
  INCIDENT: text(
    "moving",
    "A gate failed where the playbook leads to recovery, people opened an incident, or a person ended a candidate whose strategy may run; recovery takes it out of service.",
    "Follow the incident record in the recovery stage's artifacts.",
  ),
  RETRY_BACKOFF: text(
    "waiting",
    "An attempt failed in a way that may pass by itself, or its lane or what that works with is away; it is tried again by itself.",
    "Nothing yet: it is tried again by itself.",
  ),
  APPROVAL_REQUIRED: text(
    "human",
    "The next stage needs approval.",
    "Read the evidence, then `baton approve ID --why …` or `baton reject ID --why …`.",
  ),
  PAUSED: text(
    "human",
    "A person put it on hold; nothing is dispatched, a result that comes in is kept.",
    "`baton resume ID --why …` when the reason for the hold is gone.",
  ),
  FROZEN: text(
    "human",
    "An open incident froze it before its next stage; its last result is kept.",
    "Work on the incident (`baton get controls`); when it is closed this goes on by itself.",
  ),
  KILL_SWITCH: text(
    "human",
    "The kill switch is engaged, so nothing is promoted; its last result is kept.",
    "Find out why (`baton get controls`); when two people have released the switch this goes on by itself.",
  ),
  PROMOTION_BLOCKED: text(
    "human",
    "A change that was made in an emergency isn't in Git yet, so nothing is promoted; its last result is kept.",
    "Bring the change to Git and close the task (`baton get controls`); this then goes on by itself.",
  ),
  GATE_FAILED: text(
    "human",
    "A gate failed and the playbook has no further loop back.",
    "Read the gate report, change the candidate and submit it as a new one, or `baton cancel ID --why …`.",
  ),
  GATE_INCONCLUSIVE: text(
    "human",
    "A gate could not decide on the evidence it had.",
    "Read the gate report; `baton resume ID --why …` to run the stage again, or `baton reject ID --why …`.",
  ),
  RETRIES_EXHAUSTED: text(
    "human",
    "Every attempt failed in a way that may pass by itself.",
    "Mend what the last failure names, then `baton resume ID --why …` to run the stage again.",
  ),
  SAME_FAILURE: text(
    "human",
    "The stage failed in the same way again and again on unchanged inputs; retries were stopped, whatever was left of them.",
    "Mend what the failure names or change the candidate, then `baton resume ID --why …`, or `baton cancel ID --why …`.",
  ),
  DETERMINISTIC_FAILURE: text(
    "human",
    "The stage failed in a way that a retry would repeat.",
    "Mend what the failure names, then `baton resume ID --why …`, or `baton cancel ID --why …`.",
  ),
  SPEC_INVALID: text(
    "human",
    "The candidate's specification is not valid.",
    "Correct the field that the failure names and submit again; end this one with `baton cancel ID --why …`.",
  ),
  POLICY_DENIED: text(
    "human",
    "A policy forbids what the stage was about to do.",
    "Read which rule; only its owner can change it. `baton cancel ID --why …` or `baton resume ID --why …` afterwards.",
  ),
  BUDGET: text(
    "human",
    "What the stage's program, such as a coding agent, may spend is spent; it was stopped before its work was done.",
    "See what was spent on what (`baton describe ID`), then `baton resume ID --budget-tokens N --why …` to grant more, or `baton cancel ID --why …`.",
  ),
  EVIDENCE_MISSING: text(
    "human",
    "A result named an artifact that is missing, altered, of another run, or contradicts the dispatch.",
    "Check the artifact store and the lane's log, then `baton resume ID --why …` to run the stage again.",
  ),
  TRANSITION_DENIED: text(
    "human",
    "The guard refused the transition.",
    "Mend what the guard's rule names, then `baton resume ID --why …` to run the stage again, or `baton cancel ID --why …`.",
  ),
  DEADLINE_PASSED: text(
    "human",
    "The stage didn't report before its deadline.",
    "Check that the lane runs (`baton doctor`), then `baton resume ID --why …` to run the stage again.",
  ),
  STALLED: text(
    "human",
    "The lane was up, but every attempt stood still for longer than the stage allows.",
    "Read the last step in the failure and the lane's log, then `baton resume ID --why …` to run the stage again.",
  ),
  NO_WORKERS: text(
    "human",
    "Nobody works for the lane that has to do the stage; this asks once for all candidates that wait for it.",
    "Start the lane; all then go on by themselves. `baton doctor` shows who is connected.",
  ),
  SERVICE_AWAY: text(
    "human",
    "What its lane works with (Git, broker, engine, a store) has been away for long; this asks once for all candidates that wait.",
    "Bring back what the failure names; all then go on by themselves, nothing has to be resumed.",
  ),
  RESULT_UNREADABLE: text(
    "human",
    "The stage's result was stored in a form that can't be taken, and no other can come.",
    "Bring the lane and the coordinator to one release, then `baton resume ID --why …` to run the stage again.",
  ),
  LANE_CRASH_LOOP: text(
    "human",
    "The lane died on every delivery of this stage run.",
    "Read the lane's log around the last attempts, then `baton resume ID --why …`.",
  ),
  COMPLETED: text(
    "closed",
    "Its last stage passed; its evidence is complete.",
    "Nothing: keep its audit pack; `baton audit verify` checks it.",
  ),
  RECOVERED: text(
    "closed",
    "Recovery took its strategy out of service, and what happened is sealed.",
    "Work through what the incident record lists under `next`; a changed candidate may be submitted.",
  ),
  CANCELLED: text(
    "closed",
    "A person cancelled it.",
    "Nothing: submit a changed candidate if it should be tried again.",
  ),
  REJECTED: text(
    "closed",
    "A person refused the approval.",
    "Nothing: submit a changed candidate if it should be tried again.",
  ),
} as const satisfies Record<string, ReasonText>;

/** A code of the catalogue. */
export type Reason = keyof typeof REASONS;
export const Reason = z.custom<Reason>(
  (value) => typeof value === "string" && isReason(value),
  "reason: not a code of the catalogue",
);

/** A code as the journal has it: a newer release's catalogue has more. */
export type AnyReason = Reason | Foreign;
export const AnyReason = z.custom<AnyReason>(
  (value) => typeof value === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(value),
  "reason: 2 to 64 of A-Z, 0-9 and '_', starting with a letter",
);

/** True if the code is of this release's catalogue. */
export function isReason(code: string): code is Reason {
  return Object.hasOwn(REASONS, code);
}

/** A code's text; of one that only a newer release knows it says that. */
export function reasonText(code: AnyReason): ReasonText {
  if (isReason(code)) return REASONS[code];
  return text(
    "human",
    "A newer release of Baton put it here, for a reason that this one doesn't know.",
    "Look with the newest release of Baton that runs here: it knows the reason and what to do.",
  );
}
