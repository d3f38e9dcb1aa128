/** How the next entry of a chain is made: everything not named is carried over (E3 of the contracts). */
import type {
  About,
  AnyReason,
  Cause,
  WholeEntry,
  GuardReceipt,
  Instant,
  Left,
  Reason,
  Stage,
  StoredWhole,
} from "@baton/contracts";
import { awaitedDispatch } from "@baton/contracts";

import { anotherRunAllowed, type Playbook, stageRule } from "../format/playbook.ts";
import { promotes, recoveryStage } from "../format/promotion.ts";
import { runIdOf, traceOf } from "../identify.ts";
import { after } from "../instant.ts";
import { retryRuleOf } from "../policies/failure-policy.ts";
import { answersTo } from "../policies/who-may-answer.ts";
import { assignmentOf } from "./spending.ts";

/** What the steps of one decision share. */
export interface Step {
  readonly last: StoredWhole;
  readonly playbook: Playbook;
  readonly now: Instant;
  readonly cause: Cause;
}

/** What an entry changes of the one before it; why and what it is about always. */
export type Change<R extends AnyReason = AnyReason> = Partial<WholeEntry> & {
  readonly reason: R;
  readonly about: About;
};

const MAX_COMMANDS = 20;

/** The successor of `step.last`: same state, new position, time and cause; then `changes`. */
export function successor(step: Step, changes: Change): WholeEntry {
  const { sequence, entry: before } = step.last;
  const { work: _work, ...entry } = before;
  const n = entry.n + 1;
  const commands =
    step.cause.kind === "command"
      ? [...entry.commands, step.cause.commandId].slice(-MAX_COMMANDS)
      : entry.commands;
  return {
    ...entry,
    n,
    prev: sequence,
    time: step.now,
    cause: step.cause,
    commands,
    kept: null,
    evidence: null,
    guard: null,
    ...changes,
  };
}

/** Hands the baton to the lane of `stage` in the current run. */
export function dispatch(step: Step, stage: Stage, changes: Change): WholeEntry {
  const rule = stageRule(step.playbook, stage);
  const entry = { ...step.last.entry, ...changes };
  return successor(step, {
    stage,
    holder: rule.lane,
    awaits: 0,
    rule: { ...retryRuleOf(rule), ...assignmentOf(step.playbook, rule, entry) },
    deadline: after(step.now, rule.deadlineSeconds),
    visited: [...(changes.visited ?? step.last.entry.visited), stage],
    attempt: 0,
    failure: null,
    review: null,
    hold: null,
    ...withoutVisited(changes),
    ...(promotes(rule) && { promoted: true }),
  });
}

function withoutVisited<T extends Partial<WholeEntry>>(changes: T): Omit<T, "visited"> {
  const { visited: _, ...rest } = changes;
  return rest;
}

/** What a new iteration of the candidate starts with: its own run id and trace, nothing visited. */
export function newRun(
  step: Step,
): Pick<WholeEntry, "iteration" | "runId" | "trace" | "visited" | "incident"> {
  const { candidateId, trace, iteration: before, incident } = step.last.entry;
  const iteration = before + 1;
  const runId = runIdOf(candidateId, step.playbook.digest, iteration);
  return {
    iteration,
    runId,
    trace: traceOf(candidateId, runId, trace.endsWith("1")),
    visited: [],
    ...(incident && { incident: null }),
  };
}

/** The same for a stage that is run again: a recovery stays its incident's until it's through. */
export function repeatedRun(step: Step, stage: Stage): ReturnType<typeof newRun> {
  const { incident } = step.last.entry;
  const recovers = incident && stage === recoveryStage(step.playbook);
  return { ...newRun(step), ...(recovers && { incident }) };
}

/** Puts a question to a person. `awaits` stays as it is, so that a late result is still taken unless `changes` says not. */
export function review(
  step: Step,
  changes: Change<Reason> & { next?: Stage; proof?: string; denied?: GuardReceipt },
): WholeEntry {
  const { next, proof, denied, ...rest } = changes;
  const { author, iteration } = step.last.entry;
  const answers = answersTo(step.playbook, {
    reason: rest.reason,
    next: next ?? null,
    author,
    mayRunAgain: anotherRunAllowed(step.playbook, iteration),
  });
  return successor(step, {
    holder: "review",
    rule: null,
    deadline: after(step.now, step.playbook.limits.reviewSeconds),
    review: {
      openedAt: step.now,
      next: next ?? null,
      evidence: proof ?? null,
      answers,
      ...(denied && { denied }),
    },
    ...rest,
  });
}

/** What becomes of the stage in flight and of a kept result when the candidate is led elsewhere. */
export function leftOf({ last, playbook }: Step): Left {
  const { holder, stage, kept } = last.entry;
  const flying = holder !== "closed" && awaitedDispatch(last) !== undefined;
  return {
    ...(flying && { inFlight: { stage, lane: stageRule(playbook, stage).lane } }),
    ...(kept && { dropped: stage }),
  };
}

/** Ends the candidate. */
export function close(step: Step, changes: Change): WholeEntry {
  return successor(step, {
    holder: "closed",
    awaits: null,
    rule: null,
    deadline: null,
    review: null,
    hold: null,
    ...changes,
  });
}
