/** What a person's command leads to. Commands are refused with words, never silently dropped. */
import {
  awaitedDispatch,
  canonicalJson,
  type Command,
  type Entry,
  type StoredEntry,
} from "@baton/contracts";

import { approve } from "./approve.ts";
import { conclude } from "./conclude.ts";
import { type Decision, type Question, reject } from "./decision.ts";
import { anotherRunAllowed, approvalRuleFor, askApproval } from "./enter.ts";
import { retryRuleOf } from "./failure-policy.ts";
import { runIdOf, traceOf } from "./identify.ts";
import { after } from "./instant.ts";
import { stageRule } from "./playbook.ts";
import { close, dispatch, newRun, review, type Step, successor } from "./successor.ts";

type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;

/** Decides a command. A command whose id was applied before is a duplicate, whatever has happened since. */
export function decideCommand(question: Question, command: Command, sampled: boolean): Decision {
  const { last } = question;
  if (command.type === "submit") return submit(question, command, sampled);
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
  const step: Step = {
    last,
    playbook: question.playbook,
    now: question.now,
    cause: {
      kind: "command",
      commandId: command.id,
      type: command.type,
      by: command.by,
      why: command.why,
    },
  };
  switch (command.type) {
    case "approve":
      return approve(step, command);
    case "reject":
      return decline(step, command);
    case "pause":
      return pause(step, command);
    case "resume":
      return resume(step, command, question);
    case "cancel":
      return append(
        close(step, { reason: "CANCELLED", detail: `Cancelled by ${command.by}: ${command.why}` }),
      );
  }
}

function submit(question: Question, command: CommandOf<"submit">, sampled: boolean): Decision {
  const { last, playbook, now } = question;
  const { candidateId } = command;
  if (last) {
    if (canonicalJson(last.entry.spec) === canonicalJson(command.spec))
      return { kind: "ignore", why: "duplicate" };
    return reject(
      "E_CONFLICT",
      `${candidateId} exists with another specification`,
      "Submit without an id of your own, or under another one.",
    );
  }
  const runId = runIdOf(candidateId, playbook.digest, 0);
  const rule = stageRule(playbook, playbook.start);
  const entry: Entry = {
    v: 1,
    type: "entry",
    id: `${candidateId}.1`,
    candidateId,
    stage: playbook.start,
    runId,
    time: now,
    trace: traceOf(candidateId, runId, sampled),
    n: 1,
    prev: 0,
    holder: rule.lane,
    reason: "SUBMITTED",
    detail: `Submitted by ${command.by}`,
    cause: { kind: "command", commandId: command.id, type: "submit", by: command.by, why: null },
    playbook: playbook.digest,
    iteration: 0,
    loops: 0,
    author: command.by,
    spec: command.spec,
    visited: [playbook.start],
    commands: [command.id],
    awaits: 0,
    rule: retryRuleOf(rule),
    deadline: after(now, rule.deadlineSeconds),
    artifacts: [],
    feedback: [],
    approvals: [],
    attempt: 0,
    failures: {},
    failure: null,
    review: null,
    hold: null,
    kept: null,
    evidence: null,
    guard: { from: null, to: playbook.start, rule: "transition_allowed" },
  };
  return { kind: "append", entry };
}

function decline(step: Step, command: CommandOf<"reject">): Decision {
  const { entry } = step.last;
  if (entry.holder !== "review" || entry.hold) {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} asks nothing that could be rejected (${entry.reason})`,
      "`baton cancel` ends it anyway.",
    );
  }
  return append(
    close(step, { reason: "REJECTED", detail: `Rejected by ${command.by}: ${command.why}` }),
  );
}

function pause(step: Step, command: CommandOf<"pause">): Decision {
  const { entry } = step.last;
  const awaits = awaitedDispatch(step.last);
  if (entry.hold) {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} is on hold already, by ${entry.hold.by}: ${entry.hold.why}`,
      "`baton resume` lifts the hold.",
    );
  }
  if (awaits === undefined) {
    return reject(
      "E_CONFLICT",
      `${entry.candidateId} waits for a person already (${entry.reason}): it doesn't move by itself`,
      "`baton explain` says what it waits for.",
    );
  }
  const hold = { by: command.by, why: command.why, time: step.now, commandId: command.id };
  const detail = `On hold by ${command.by}: ${command.why}. ${entry.stage} in flight may finish; its result is kept.`;
  const action = `\`baton resume ${entry.candidateId}\` when the reason for the hold is gone.`;
  return append(review(step, { reason: "PAUSED", detail, action, awaits, hold }));
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
      "`baton approve` or `baton reject`.",
    );
  }
  if (entry.hold && entry.kept) return append(releaseKept(step, entry.kept.report, question));
  if (entry.hold && entry.awaits !== null && !isSpent(step))
    return append(releaseRunning(step, command));
  return rerun(step, command);
}

/** True if no attempt of the awaited dispatch is left: waiting for its lane would be in vain. */
function isSpent({ last: { entry }, playbook }: Step): boolean {
  return entry.attempt > stageRule(playbook, entry.stage).policies.transient.maxRetries;
}

function rerun(step: Step, command: CommandOf<"resume">): Decision {
  const { entry } = step.last;
  const { candidateId, stage } = entry;
  if (!anotherRunAllowed(step.playbook, entry.iteration)) {
    return reject(
      "E_LIMIT",
      `${candidateId} has had ${entry.iteration + 1} runs, the playbook's limit`,
      "`baton cancel` it, or submit a changed candidate.",
    );
  }
  const artifacts = entry.artifacts.filter((artifact) => artifact.stage !== stage);
  const detail = `${stage} is run again, asked by ${command.by}: ${command.why}`;
  const rule = approvalRuleFor(step, stage);
  if (rule) {
    // An approval is for one run of a stage: whoever resumes can't stand in for those who approve.
    const carried = { artifacts, hold: null, failure: null };
    return append(askApproval(step, stage, { rule, detail, carried }));
  }
  const changes = { ...newRun(step), reason: "RERUN", detail, artifacts } as const;
  return append(dispatch(step, stage, changes));
}

function releaseRunning(step: Step, command: CommandOf<"resume">): Entry {
  const rule = stageRule(step.playbook, step.last.entry.stage);
  return successor(step, {
    holder: rule.lane,
    reason: "RESUMED",
    detail: `Hold lifted by ${command.by}: ${command.why}. ${rule.stage} goes on.`,
    rule: retryRuleOf(rule),
    deadline: after(step.now, rule.deadlineSeconds),
    review: null,
    hold: null,
  });
}

/** Goes on from the result that came in during the hold, as if it came now. */
function releaseKept(
  step: Step,
  report: NonNullable<Entry["kept"]>["report"],
  question: Question,
): Entry {
  const entry: Entry = { ...step.last.entry, hold: null, review: null };
  const last: StoredEntry = { sequence: step.last.sequence, entry };
  return conclude({ ...step, last }, report, question.evidence);
}

function append(entry: Entry): Decision {
  return { kind: "append", entry };
}
