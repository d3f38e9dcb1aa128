/**
 * How a person ends a candidate. What it promoted may still run then: it is taken out of service by recovery first, and the
 * candidate is closed when that is through.
 *
 * E1: nothing that a person ends goes on running without a word: it is led to recovery, or the entry says what may still run
 *     and what takes it out.
 * E2: in recovery itself, and where the playbook has none, the end is at once: a person must be able to give up.
 */
import type { Entry, Reason } from "@baton/contracts";

import type { Decision } from "./decision.ts";
import { approvalRuleFor, askApproval } from "./enter.ts";
import { checkTransition } from "./guard.ts";
import { anotherRunAllowed } from "./playbook.ts";
import { isPromoted, recoveryStage } from "./promotion.ts";
import { close, dispatch, newRun, type Step } from "./successor.ts";

/** Why the candidate ends; `detail` says who asked for it and why. */
export interface Ending {
  readonly reason: Extract<Reason, "CANCELLED" | "REJECTED">;
  readonly detail: string;
}

/** Closes the candidate, by way of recovery where its strategy may run (E1). */
export function end(step: Step, ending: Ending): Decision {
  const { entry } = step.last;
  if (!isPromoted(step.playbook, entry)) return append(close(step, ending));
  const out = takeOut(step, ending.detail);
  if (out) return append(out);
  const { candidateId } = entry;
  const detail = `${ending.detail} Its strategy may still run: \`baton incident open --candidate ${candidateId}\` takes it out of service.`;
  return append(close(step, { ...ending, detail }));
}

function takeOut(step: Step, why: string): Entry | undefined {
  const { last, playbook } = step;
  const { entry } = last;
  const to = recoveryStage(playbook);
  if (to === undefined || entry.stage === to) return undefined;
  const isAgain = entry.visited.includes(to);
  if (isAgain && !anotherRunAllowed(playbook, entry.iteration)) return undefined;
  const run = isAgain ? newRun(step) : {};
  const { candidateId, runId, stage } = { ...entry, ...run };
  const verdict = checkTransition(playbook, {
    candidateId,
    runId,
    from: stage,
    to,
    state: { candidateId, runId, activeStage: stage, paused: entry.hold !== null },
    previousArtifact: false,
    previousGatePassed: false,
    riskControlsPassed: false,
    executionControlsPassed: false,
    mode: "gitops",
    emergencyTicket: null,
    incident: true,
  });
  if (!verdict.allowed) return undefined;
  const artifacts = entry.artifacts.filter((artifact) => artifact.stage !== to);
  const detail = `${why} What it promoted is taken out of service first.`;
  const carried = { ...run, artifacts, hold: null, kept: null, failure: null };
  const rule = approvalRuleFor(step, to);
  if (rule) return askApproval(step, to, { rule, detail, carried });
  const guard = { from: stage, to, rule: verdict.reason };
  return dispatch(step, to, { ...carried, reason: "INCIDENT", detail, guard });
}

function append(entry: Entry): Decision {
  return { kind: "append", entry };
}
