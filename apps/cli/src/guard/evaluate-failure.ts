/** `baton guard evaluate-failure` on files: what follows a failed attempt? */
import type { FailureClass } from "@baton/contracts";
import { evaluateFailure, type FailureAction, type Playbook } from "@baton/playbook/rules";

import { checkAttempt, checkId, checkStage, filled, requireOptions } from "./guard-arguments.ts";
import { answer, decidedBy } from "./guard-output.ts";
import { type GuardState, readGuardState } from "./guard-state.ts";
import { faultyInput } from "./input-file.ts";
import { loadPlaybook, playbookFile } from "./load-playbook.ts";

/** What the command line said. */
export interface EvaluateFailureOptions {
  readonly policy?: string;
  readonly state?: string;
  readonly candidateId?: string;
  readonly runId?: string;
  readonly stage?: string;
  readonly failureClass?: FailureClass;
  readonly attempt?: number;
}

/** A failed attempt. */
export interface FailedAttempt {
  readonly stage: string;
  readonly class: FailureClass;
  readonly attempt: number;
  readonly failuresBefore: number;
}

/** Evaluates and answers. Throws `UserError`: E_USAGE for a missing option, E_INVALID for what files and options hold. */
export async function evaluateOnFiles(options: EvaluateFailureOptions): Promise<void> {
  const given = requireOptions({
    state: options.state,
    stage: options.stage,
    "failure-class": options.failureClass,
    attempt: options.attempt?.toString(),
  });
  const loaded = await loadPlaybook(playbookFile(options.policy, process.env));
  const { playbook } = loaded;
  const { stage, policies } = checkStage("--stage", given("stage"), playbook);
  const state = await readGuardState(given("state"));
  checkState(given("state"), { state, stage, playbook, options });
  const before = Object.hasOwn(state.failureCounts, stage) ? state.failureCounts[stage] : 0;
  const failed: FailedAttempt = {
    stage,
    class: options.failureClass ?? "transient",
    attempt: checkAttempt(options.attempt ?? 1),
    failuresBefore: before ?? 0,
  };
  const action = evaluateFailure(policies[failed.class], failed);
  await answer(
    { ...failureAnswer(action, failed), playbook: decidedBy(loaded) },
    action.action === "retry",
  );
}

/** An action with every key that either answer of the public guard has, and its words. */
export function failureAnswer(action: FailureAction, failed: FailedAttempt): object {
  return {
    action: action.action,
    attempt: failed.attempt,
    code: action.action === "retry" ? null : "E_GUARD",
    nextBackoffSeconds: action.action === "retry" ? action.backoffSeconds : null,
    reason: action.action === "retry" ? null : action.reason,
    stage: failed.stage,
    stageFailures: action.stageFailures,
    ...failureWords(action, failed),
  };
}

function failureWords(action: FailureAction, failed: FailedAttempt) {
  const what = `attempt ${failed.attempt} of ${failed.stage} failed (${failed.class})`;
  switch (action.action) {
    case "retry":
      return {
        message: `${what}; it may pass by itself`,
        advice: `Try again after ${action.backoffSeconds} s.`,
      };
    case "pause_for_review":
      return {
        message: `${what}; with ${action.stageFailures} the stage has as many failures as its policy allows`,
        advice: "Set paused in the state, and have a person look at it.",
      };
    case "fail":
      return {
        message: `${what}; trying again would not help`,
        advice: "Mend what the failure names; don't retry.",
      };
  }
}

/** The state must be about a candidate, and the stage one that it can be at. */
function checkState(
  path: string,
  on: { state: GuardState; stage: string; playbook: Playbook; options: EvaluateFailureOptions },
): void {
  const { state, stage, playbook, options } = on;
  const faults: string[] = [];
  for (const [key, option] of [
    ["candidateId", filled(options.candidateId)],
    ["runId", filled(options.runId)],
  ] as const) {
    if (state[key] === "") faults.push(`$.${key}: must be there`);
    else checkId(`${key} of --state`, state[key]);
    if (option !== undefined && option !== state[key])
      faults.push(`$.${key}: must be what the option of that name says`);
  }
  const { activeStage } = state;
  if (activeStage !== null) {
    const { to } = checkStage("activeStage of --state", activeStage, playbook);
    const near = activeStage === stage || to.includes(stage);
    if (!near)
      faults.push(`$.activeStage: ${stage} is neither the active stage nor one that follows it`);
  }
  if (faults.length > 0) throw faultyInput({ name: "--state", path }, faults);
}
