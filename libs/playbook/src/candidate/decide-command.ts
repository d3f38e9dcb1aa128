/** What a person's command leads to. Commands are refused with words, never silently dropped. */
import {
  ACCOUNT_STOP_CODE,
  awaitedDispatch,
  type Command,
  type WholeEntry,
} from "@baton/contracts";

import { anotherRunAllowed, stageRule } from "../format/playbook.ts";
import { after, instantMs } from "../instant.ts";
import { retryRuleOf } from "../policies/failure-policy.ts";
import { isStopped } from "../policies/stops.ts";
import { refusalOfSender } from "../policies/who-may-answer.ts";
import { approve } from "./approve.ts";
import { type Decision, type Question, reject } from "./decision.ts";
import { approvalRuleFor, askApproval } from "./enter.ts";
import { runAgainApproved } from "./go-on.ts";
import { withGrant } from "./grant.ts";
import { releaseKept } from "./release-kept.ts";
import { sendBack } from "./send-back.ts";
import { causeOf, submit } from "./submit.ts";
import { dispatch, leftOf, repeatedRun, review, type Step, successor } from "./successor.ts";
import { end } from "./take-out.ts";

type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Decides a command. A command whose id was applied before is a duplicate, whatever has happened since. */
export function decideCommand(question: Question, command: Command, sampled: boolean): Decision {
  const { last, playbook, happening } = question;
  const identity = happening.kind === "command" ? happening.identity : undefined;
  const refusal = refusalOfSender({ playbook, entry: last?.entry }, command, identity);
  if (command.type === "submit") return refusal ?? submit(question, command, sampled);
  if (!last) {
    return reject(
      "E_NOT_FOUND",
      `no candidate ${command.candidateId} is known`,
      "`baton get candidates` lists those there are.",
    );
  }
  const { entry } = last;
  if (entry.commands.includes(command.id)) return { kind: "ignore", why: "duplicate" };
  if (entry.holder === "closed") {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} is closed (${entry.reason}) since ${entry.time}`,
      "Nothing: submit a changed candidate if it should be tried again.",
    );
  }
  const step: Step = { last, playbook, now: question.now, cause: causeOf(command, identity) };
  return refusal ?? answer(step, command, question);
}

function answer(
  step: Step,
  command: Exclude<Command, { type: "submit" }>,
  question: Question,
): Decision {
  switch (command.type) {
    case "approve":
      return approve(step, command);
    case "reject":
      return decline(step);
    case "pause":
      return pause(step, command);
    case "resume":
      return resume(step, command, question);
    case "send-back":
      return sendBack(step, command);
    case "cancel":
      return end(step, { kind: "cancelled", left: leftOf(step) });
  }
}

function decline(step: Step): Decision {
  const { entry } = step.last;
  if (entry.holder !== "review" || entry.hold || isStopped(entry)) {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} asks nothing that could be rejected (${entry.reason})`,
      "`baton cancel ID --why …` ends it anyway.",
    );
  }
  return end(step, { kind: "rejected" });
}

function pause(step: Step, command: CommandOf<"pause">): Decision {
  const { entry } = step.last;
  const awaits = awaitedDispatch(step.last);
  if (isStopped(entry)) return append(holdStopped(step, command));
  if (entry.hold) {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} is on hold already, by ${entry.hold.by}: ${entry.hold.why}`,
      "`baton resume ID --why …` lifts the hold.",
    );
  }
  if (awaits === undefined) {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} waits for a person already (${entry.reason}): it doesn't move by itself`,
      "`baton explain` says what it waits for.",
    );
  }
  const { by, why, id: commandId } = command;
  // A review about a stage in flight means that its lane is late or gone: it isn't counted on.
  const inFlightUntil = entry.holder === "review" ? step.now : (entry.deadline ?? step.now);
  const hold = { by, why, time: step.now, commandId, inFlightUntil };
  const { stage } = entry;
  const { lane } = stageRule(step.playbook, stage);
  const about = { kind: "held", stage, lane } as const;
  return append(review(step, { reason: "PAUSED", about, awaits, hold }));
}

/** Keeps a stopped candidate from going on by itself when the stop is lifted. */
function holdStopped(step: Step, { by, why, id: commandId }: CommandOf<"pause">): WholeEntry {
  const { stage, kept, reason } = step.last.entry;
  const hold = { by, why, time: step.now, commandId, inFlightUntil: step.now };
  const { lane } = stageRule(step.playbook, stage);
  const about = { kind: "held", stage, lane, stopped: reason } as const;
  return review(step, { reason: "PAUSED", about, awaits: null, hold, kept });
}

function resume(step: Step, command: CommandOf<"resume">, question: Question): Decision {
  const { entry } = step.last;
  if (entry.holder !== "review") {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} isn't waiting: ${entry.holder} has it`,
      "Nothing.",
    );
  }
  if (entry.reason === "APPROVAL_REQUIRED") {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} waits for an approval`,
      "`baton approve ID --why …` or `baton reject ID --why …`.",
    );
  }
  if (isStopped(entry)) {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} is stopped (${entry.reason})`,
      "Nothing: it goes on by itself when the stop is lifted (`baton explain` names it). `baton pause ID --why …` keeps it from that.",
    );
  }
  const goesOn = entry.hold && entry.awaits !== null && !isSpent(step);
  if (command.grant && (goesOn || (entry.hold && entry.kept))) {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} goes on with the run of ${entry.stage} that it has, whose budget is set`,
      "Resume it without a grant; if that run ends for want of budget, grant more then.",
    );
  }
  if (entry.hold && entry.kept)
    return append(releaseKept(step, entry.kept.report, question.evidence));
  return goesOn ? append(releaseRunning(step)) : rerun(step, command);
}

/** True if waiting for the lane would be in vain: it has no attempt left, or gave up at the stage's deadline. */
function isSpent({ last: { entry }, playbook, now }: Step): boolean {
  const until = entry.hold?.inFlightUntil;
  if (until !== undefined && instantMs(now) >= instantMs(until)) return true;
  return entry.attempt > stageRule(playbook, entry.stage).policies.transient.maxRetries;
}

function rerun(step: Step, command: CommandOf<"resume">): Decision {
  const { entry } = step.last;
  const { candidateId, stage } = entry;
  if (!anotherRunAllowed(step.playbook, entry.iteration)) {
    return reject(
      "E_LIMIT",
      `${candidateId} has had ${entry.iteration + 1} runs, the playbook's limit`,
      "`baton cancel ID --why …`, or submit a changed candidate.",
    );
  }
  const about = { kind: "rerun", stage } as const;
  // People's switch at the broker stopped it: nothing failed, so what was approved stays approved.
  if (entry.failure?.code === ACCOUNT_STOP_CODE)
    return append(runAgainApproved(step, stage, { reason: "RERUN", about }));
  const artifacts = entry.artifacts.filter((artifact) => artifact.stage !== stage);
  const run = repeatedRun(step, stage);
  const granted = withGrant(step, command, run.runId);
  if (granted.kind === "reject") return granted;
  const { grants } = granted;
  if (approvalRuleFor(step, stage)) {
    // An approval is for one run of a stage: whoever resumes can't stand in for those who approve.
    const carried = { artifacts, hold: null, failure: null, ...grants };
    return append(askApproval(step, stage, { about, carried }));
  }
  return append(dispatch(step, stage, { ...run, reason: "RERUN", about, artifacts, ...grants }));
}

function releaseRunning(step: Step): WholeEntry {
  const { stage, hold } = step.last.entry;
  const rule = stageRule(step.playbook, stage);
  return successor(step, {
    holder: rule.lane,
    reason: "RESUMED",
    about: { kind: "released", stage },
    rule: retryRuleOf(rule),
    // The lane's own: the hold hasn't stopped its clock.
    deadline: hold?.inFlightUntil ?? after(step.now, rule.deadlineSeconds),
    review: null,
    hold: null,
  });
}

function append(entry: WholeEntry): Decision {
  return { kind: "append", entry };
}
