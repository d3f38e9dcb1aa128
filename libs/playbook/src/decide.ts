/**
 * The one place where a candidate's state changes.
 *
 * States (holder of the last entry) and their exits:
 * - a lane: its result (next lane, review, closed), a failed attempt (same lane, noted), pause, cancel, deadline, exhausted.
 * - review, on hold: the awaited result (kept), resume (lane or what the kept result leads to), cancel.
 * - review, asking: approve, reject, resume (new run of the stage), cancel; a late result while one is still awaited.
 * - closed: nothing.
 *
 * D1: a report counts only if it answers the dispatch that the last entry awaits, by sequence, stage run and lane.
 * D2: a verdict is read from verified evidence wherever the stage has a gate, never from the report's word (J2).
 * D3: a stage that was dispatched in this run is never dispatched in it again; it becomes a new run (J3).
 */
import { awaitedDispatch, cut, type Entry, type Reason, type StoredEntry } from "@baton/contracts";

import { conclude } from "./conclude.ts";
import { decideCommand } from "./decide-command.ts";
import { type Decision, type Question, reject } from "./decision.ts";
import { instantMs } from "./instant.ts";
import { review, type Step, successor } from "./successor.ts";

/** Decides what follows from one happening. Pure: time comes in with the question. */
export function decide(question: Question): Decision {
  const { happening } = question;
  switch (happening.kind) {
    case "command":
      return decideCommand(question, happening.command, happening.sampled);
    case "report":
      return decideReport(question, happening);
    case "deadline":
      return decideDeadline(question);
    case "exhausted":
      return decideExhausted(question, happening);
  }
}

type ReportHappening = Extract<Question["happening"], { kind: "report" }>;

function decideReport(question: Question, happening: ReportHappening): Decision {
  const { last } = question;
  const { report } = happening;
  if (!last) {
    return reject(
      "E_NOT_FOUND",
      `no candidate ${report.candidateId} is known`,
      "Check who sent the report.",
    );
  }
  if (report.answers > last.sequence) {
    return reject(
      "E_NOT_FOUND",
      `no entry ${report.answers} of ${report.candidateId}`,
      "Check who sent the report.",
    );
  }
  if (awaitedDispatch(last) !== report.answers) return { kind: "ignore", why: "stale" };
  if (last.entry.stage !== report.stage || last.entry.runId !== report.runId) {
    const awaited = `${last.entry.stage} of ${last.entry.runId}`;
    return reject(
      "E_CONFLICT",
      `report is about ${report.stage} of ${report.runId}, awaited is ${awaited}`,
      "Check the lane.",
    );
  }
  const owner = question.playbook.stages.get(report.stage)?.lane;
  if (owner !== report.lane) {
    return reject(
      "E_DENIED",
      `${report.lane} reported on ${report.stage}, which belongs to ${owner ?? "no lane"}`,
      "Check the lane's identity.",
    );
  }
  const step = stepOf(question, last, {
    kind: "report",
    sequence: happening.sequence,
    attempt: report.attempt,
    storedAt: happening.storedAt,
    from: report.stage,
  });
  if (report.type === "attempt") return noteAttempt(step, happening);
  if (last.entry.hold) {
    const detail = `Result of ${report.stage} came in and is kept; on hold by ${last.entry.hold.by}: ${last.entry.hold.why}`;
    const kept = { report, sequence: happening.sequence, storedAt: happening.storedAt };
    return append(successor(step, { reason: "PAUSED", detail, awaits: null, kept }));
  }
  return append(conclude(step, report, question.evidence));
}

function noteAttempt(step: Step, happening: ReportHappening): Decision {
  const { report } = happening;
  const { sequence, entry } = step.last;
  if (report.type !== "attempt") throw new Error("noteAttempt takes an attempt");
  if (report.attempt <= entry.attempt) return { kind: "ignore", why: "duplicate" };
  const failures = { ...entry.failures, [report.stage]: (entry.failures[report.stage] ?? 0) + 1 };
  const retries = entry.rule?.maxRetries;
  const of = retries === undefined ? "" : ` of ${retries + 1}`;
  const detail = `Attempt ${report.attempt}${of} failed: ${report.failure.code} ${report.failure.message}; next at ${report.retryAt}`;
  const noted = { detail, failures, failure: report.failure, attempt: report.attempt };
  const awaits = awaitedDispatch({ sequence, entry }) ?? null;
  const reason: Reason = entry.holder === "review" ? entry.reason : "RETRY_BACKOFF";
  return append(successor(step, { ...noted, reason, awaits }));
}

function decideDeadline(question: Question): Decision {
  const { last, now } = question;
  if (!last || last.entry.deadline === null) return { kind: "ignore", why: "stale" };
  if (last.entry.holder === "review") return { kind: "ignore", why: "stale" };
  if (instantMs(now) < instantMs(last.entry.deadline)) return { kind: "ignore", why: "early" };
  const { entry } = last;
  const step = stepOf(question, last, { kind: "deadline" });
  const detail = `${entry.stage} of ${entry.runId} didn't report by ${entry.deadline}; ${entry.holder} had it since ${entry.time}`;
  return append(ask(step, "DEADLINE_PASSED", detail));
}

function decideExhausted(
  question: Question,
  happening: Extract<Question["happening"], { kind: "exhausted" }>,
): Decision {
  const { last } = question;
  if (!last || awaitedDispatch(last) !== happening.dispatch)
    return { kind: "ignore", why: "stale" };
  if (last.entry.holder === "review") return { kind: "ignore", why: "stale" };
  const { deliveries } = happening;
  const step = stepOf(question, last, { kind: "exhausted", deliveries });
  const detail = `${last.entry.stage} of ${last.entry.runId} was delivered ${deliveries} times to ${last.entry.holder} without an answer`;
  return append(ask(step, "LANE_CRASH_LOOP", detail));
}

/** A review about a stage whose result may still come: what is awaited stays awaited. */
function ask(step: Step, reason: "DEADLINE_PASSED" | "LANE_CRASH_LOOP", detail: string): Entry {
  const awaits = awaitedDispatch(step.last) ?? null;
  const action =
    reason === "DEADLINE_PASSED"
      ? "Check with `baton doctor` that the lane runs, then `baton resume` to run the stage again."
      : "Read the lane's log around the last attempts, then `baton resume` to run the stage again.";
  return review(step, { reason, detail: cut(detail), action, awaits });
}

function stepOf(question: Question, last: StoredEntry, cause: Step["cause"]): Step {
  return { last, playbook: question.playbook, now: question.now, cause };
}

function append(entry: Entry): Decision {
  return { kind: "append", entry };
}
