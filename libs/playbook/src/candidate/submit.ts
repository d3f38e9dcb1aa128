/** How a candidate begins. */
import {
  canonicalJson,
  type Cause,
  type Command,
  type WholeEntry,
  MESH_ID,
} from "@baton/contracts";

import { stageRule } from "../format/playbook.ts";
import { runIdOf, traceOf } from "../identify.ts";
import { after } from "../instant.ts";
import { retryRuleOf } from "../policies/failure-policy.ts";
import { type Decision, type Question, reject, type VerifiedIdentity } from "./decision.ts";

type Submit = Extract<Command, { type: "submit" }>;

/** Decides a submission: the first entry, a duplicate, or a conflict with another specification. */
export function submit(question: Question, command: Submit, sampled: boolean): Decision {
  const { last } = question;
  const { candidateId } = command;
  if (candidateId === MESH_ID) {
    return reject(
      "E_INVALID",
      `candidateId "${MESH_ID}" is kept for commands about the whole mesh`,
      "Choose another id, or leave it out.",
    );
  }
  if (last) {
    if (canonicalJson(last.entry.spec) === canonicalJson(command.spec))
      return { kind: "ignore", why: "duplicate" };
    return reject(
      "E_CONFLICT",
      `${candidateId} exists with another specification`,
      "Submit without an id of your own, or under another one.",
    );
  }
  return { kind: "append", entry: firstEntry(question, command, sampled) };
}

function firstEntry(
  { playbook, now, happening }: Question,
  command: Submit,
  sampled: boolean,
): WholeEntry {
  const { candidateId } = command;
  const identity = happening.kind === "command" ? happening.identity : undefined;
  const runId = runIdOf(candidateId, playbook.digest, 0);
  const rule = stageRule(playbook, playbook.start);
  return {
    v: 1,
    type: "entry",
    candidateId,
    stage: playbook.start,
    runId,
    time: now,
    trace: traceOf(candidateId, runId, sampled),
    n: 1,
    prev: 0,
    prevSha256: null,
    basis: {},
    holder: rule.lane,
    reason: "SUBMITTED",
    about: { kind: "submitted" },
    cause: causeOf(command, identity),
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
    // Only if the playbook says it: what entries look like that were made before it could stays as it was (J10).
    ...(playbook.limits.walkForward && { walkForward: playbook.limits.walkForward }),
    ...(playbook.limits.gatePolicy !== undefined && { gatePolicy: playbook.limits.gatePolicy }),
  };
}

/** What the journal keeps of a command; roles and signature say how it was known who sent it. */
export function causeOf(command: Command, identity: VerifiedIdentity | undefined): Cause {
  const { id: commandId, type, by, publicKey, signature } = command;
  const why = command.type === "submit" ? null : command.why;
  const signed = publicKey !== undefined && signature !== undefined;
  return {
    kind: "command",
    commandId,
    type,
    by,
    why,
    ...(identity && { roles: [...identity.roles] }),
    ...(signed && { signature: { publicKey, signature } }),
  };
}
