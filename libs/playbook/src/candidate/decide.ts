/**
 * The one place where a candidate's state changes.
 *
 * States (holder of the last entry) and their exits:
 * - a lane: its result (next lane, review, closed), a result that can't be taken (review), a failed attempt (same lane, noted; review, if it's the same failure
 *   once too often), something that is away (same lane, noted; review, for one candidate of the lane), pause, cancel, deadline,
 *   exhausted, no workers.
 * - review, on hold: the awaited result (kept), exhausted (noted), resume (lane, or what the kept result leads to),
 *   send-back, cancel.
 * - review, asking: approve, reject, resume (new run of the stage), send-back (new run from the start), cancel; while a
 *   result is still awaited also that result, exhausted, workers back (same lane), and pause (so that a late result doesn't
 *   move it).
 * - review, stopped (FROZEN, KILL_SWITCH, PROMOTION_BLOCKED): lifted (what the kept result leads to), pause, send-back, cancel.
 * - anything: an incident (recovery), also from closed; cancel and reject of one whose strategy may run (recovery).
 * - closed: nothing else.
 *
 * D1: a report counts only if it answers the dispatch that the last entry awaits, by sequence, stage run and lane. A result in the
 *     awaited one's place that doesn't, or that can't be read, is put to a person: the first of a place stays for ever.
 * D2: a verdict is read from verified evidence wherever the stage has a gate, never from the report's word (J2).
 * D3: a stage that was dispatched in this run is never dispatched in it again; it becomes a new run (J3).
 */
import {
  type About,
  type AttemptReport,
  awaitedDispatch,
  cut,
  deduplicationId,
  type Report,
  type ResultReport,
  type StoredControls,
  type StoredWhole,
  type WholeEntry,
  withBasis,
} from "@baton/contracts";

import { type Playbook, stageRule } from "../format/playbook.ts";
import { instantMs } from "../instant.ts";
import { retryDelay, retryRuleOf } from "../policies/failure-policy.ts";
import { waitsForService, waitsForWorkers } from "../policies/failure-signature.ts";
import { isStopped, underStops } from "../policies/stops.ts";
import { conclude } from "./conclude.ts";
import { decideCommand } from "./decide-command.ts";
import { decideIncident } from "./decide-incident.ts";
import { decideServiceAway, noteOutage, saysItWaits, waitOn } from "./decide-outage.ts";
import { decideMisdirected, decideUnreadable } from "./decide-unreadable.ts";
import { backToLane, decideNoWorkers, decideWorkersBack, stayWithLane } from "./decide-workers.ts";
import { type Decision, type Question, reject } from "./decision.ts";
import { releaseKept } from "./release-kept.ts";
import { countFailed, sameFailure } from "./same-failure.ts";
import { withSpending } from "./spending.ts";
import { review, type Step, successor } from "./successor.ts";

/** Decides what follows from one happening. Pure: time comes in with the question. */
export function decide(asked: Question): Decision {
  const question = withSpending(asked);
  const decision = underStops(question, decideFreely(question));
  if (decision.kind !== "append") return decision;
  const { controls, last, happening } = question;
  const work = happening.kind === "report" ? happening.report.work : undefined;
  const entry = work ? { ...decision.entry, work } : decision.entry;
  return append(withBasis(underControls(entry, controls), last));
}

/** The entry as decided under these controls. A replay decides under the same ones, and gets the same bytes (J10). */
function underControls(entry: WholeEntry, under: StoredControls | undefined): WholeEntry {
  return under ? { ...entry, controls: under.sequence } : entry;
}

function decideFreely(question: Question): Decision {
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
    case "unreadable":
      return decideUnreadable(question, happening);
    case "no-workers":
      return decideNoWorkers(question, happening);
    case "workers-back":
      return decideWorkersBack(question, happening);
    case "service-away":
      return decideServiceAway(question, happening);
    case "incident":
      return decideIncident(question, happening.incidentId);
    case "lifted":
      return decideLifted(question);
  }
}

type ReportHappening = Extract<Question["happening"], { kind: "report" }>;

function decideReport(question: Question, happening: ReportHappening): Decision {
  const { last } = question;
  const { report } = happening;
  const cause = causeOf(happening);
  const misdirected = report.type === "result" && decideMisdirected(question, report, cause);
  if (misdirected) return misdirected;
  if (!last || report.answers > last.sequence) {
    const what = last ? `no entry ${report.answers}` : "no candidate";
    return reject(
      "E_NOT_FOUND",
      `${what} of ${report.candidateId} is known`,
      "Check who sent the report.",
    );
  }
  if (awaitedDispatch(last) !== report.answers) return { kind: "ignore", why: "stale" };
  const mismatch = mismatchOf(question.playbook, last.entry, report);
  if (mismatch) return mismatch;
  const step = stepOf(question, last, cause);
  if (report.type === "attempt") {
    if (report.attempt <= last.entry.attempt) return { kind: "ignore", why: "duplicate" };
    if (saysItWaits(report)) return noteOutage(step, report);
    if (isRetried(step, report)) return noteAttempt(step, report);
  }
  const result = report.type === "attempt" ? finalResult(report) : report;
  if (last.entry.hold) {
    const { sequence, storedAt } = happening;
    const about = { kind: "kept", stage: report.stage } as const;
    const kept = { report: result, sequence, storedAt };
    return append(successor(step, { reason: "PAUSED", about, awaits: null, kept }));
  }
  return append(conclude(step, result, question.evidence));
}

function causeOf({ report, sequence, storedAt }: ReportHappening) {
  return {
    kind: "report",
    sequence,
    attempt: report.attempt,
    storedAt,
    from: report.stage,
  } as const;
}

/** Why a report on the awaited dispatch can't be taken: it is about another stage run, or by another lane. */
function mismatchOf(playbook: Playbook, entry: WholeEntry, report: Report): Decision | undefined {
  if (deduplicationId(report) !== deduplicationId(entry)) {
    return reject(
      "E_CONFLICT",
      `report is about ${deduplicationId(report)}, awaited is ${deduplicationId(entry)}`,
      "Check the lane.",
    );
  }
  const owner = stageRule(playbook, report.stage).lane;
  if (owner === report.lane) return undefined;
  return reject(
    "E_DENIED",
    `${report.lane} reported on ${report.stage}, which belongs to ${owner}`,
    "Check the lane's identity.",
  );
}

/**
 * J6 is kept here too, not only by the lane: an attempt that the policy doesn't retry is the stage run's result, and so is
 * one that blows the fuse of same failures.
 */
function isRetried(step: Step, { stage, failure, attempt }: AttemptReport): boolean {
  const rule = retryRuleOf(stageRule(step.playbook, stage));
  if (retryDelay(rule, { class: failure.class, attempt }) === undefined) return false;
  const { own } = countFailed(step.last.entry, stage, failure);
  return sameFailure(step, { failure, attempt, own }) === undefined;
}

function finalResult(report: AttemptReport): ResultReport {
  const { type: _type, retryAt: _retryAt, failure, ...about } = report;
  const outcome = { kind: "failed", failure } as const;
  return { ...about, id: deduplicationId(report), type: "result", outcome };
}

function noteAttempt(step: Step, report: AttemptReport): Decision {
  const { entry } = step.last;
  const of = retryRuleOf(stageRule(step.playbook, report.stage)).maxRetries + 1;
  // Who reports an attempt is there: whether it was late or failing is another question.
  const answered =
    entry.reason === "NO_WORKERS" || entry.reason === "SERVICE_AWAY" || waitsForWorkers(entry);
  return append(
    successor(step, {
      ...(answered && backToLane(step)),
      reason: entry.holder === "review" && !answered ? entry.reason : "RETRY_BACKOFF",
      about: {
        kind: "attempt",
        stage: report.stage,
        attempt: report.attempt,
        of,
        next: report.retryAt,
      },
      ...countFailed(entry, report.stage, report.failure).changes,
      failure: report.failure,
      attempt: report.attempt,
      awaits: awaitedDispatch(step.last) ?? null,
    }),
  );
}

function decideDeadline(question: Question): Decision {
  const { last, now } = question;
  if (!last || last.entry.deadline === null) return { kind: "ignore", why: "stale" };
  if (last.entry.holder === "review") return { kind: "ignore", why: "stale" };
  if (instantMs(now) < instantMs(last.entry.deadline)) return { kind: "ignore", why: "early" };
  const { entry } = last;
  const step = stepOf(question, last, { kind: "deadline" });
  // Before the other: its lane would have to be there to find anything away.
  if (waitsForWorkers(entry)) return append(stayWithLane(step, entry.about));
  if (waitsForService(entry)) return append(waitOn(step));
  const { stage, holder: lane, time: since, deadline: due } = entry;
  if (due === null) return { kind: "ignore", why: "stale" };
  const about = { kind: "late", stage, lane, since, due } as const;
  return append(ask(step, "DEADLINE_PASSED", about));
}

function decideExhausted(
  question: Question,
  happening: Extract<Question["happening"], { kind: "exhausted" }>,
): Decision {
  const { last } = question;
  if (!last || awaitedDispatch(last) !== happening.dispatch)
    return { kind: "ignore", why: "stale" };
  const { entry } = last;
  const { deliveries, why } = happening;
  if (entry.holder === "review" && entry.attempt >= deliveries)
    return { kind: "ignore", why: "duplicate" };
  const said = why === undefined ? {} : { why: cut(why, 300) };
  const step = stepOf(question, last, { kind: "exhausted", deliveries, ...said });
  const { lane, policies } = stageRule(question.playbook, entry.stage);
  const about = { kind: "unanswered", stage: entry.stage, lane } as const;
  const attempt = Math.max(entry.attempt, deliveries, policies.transient.maxRetries + 1);
  const awaits = awaitedDispatch(last) ?? null;
  // A hold stays a hold; whoever lifts it gets a new run of the stage instead of a wait for a lane that won't answer.
  return append(
    entry.hold
      ? successor(step, { reason: "PAUSED", about, attempt, awaits })
      : { ...ask(step, "LANE_CRASH_LOOP", about), attempt },
  );
}

/** Goes on from the kept result; whether a stop still holds is seen afterwards, like with any dispatch. */
function decideLifted(question: Question): Decision {
  const { last } = question;
  if (!last || !isStopped(last.entry) || !last.entry.kept) return { kind: "ignore", why: "stale" };
  const step = stepOf(question, last, { kind: "lifted" });
  return append(releaseKept(step, last.entry.kept.report, question.evidence));
}

/** A review about a stage whose result may still come: what is awaited stays awaited. */
function ask(step: Step, reason: "DEADLINE_PASSED" | "LANE_CRASH_LOOP", about: About): WholeEntry {
  const awaits = awaitedDispatch(step.last) ?? null;
  return review(step, { reason, about, awaits });
}

function stepOf(question: Question, last: StoredWhole, cause: Step["cause"]): Step {
  return { last, playbook: question.playbook, now: question.now, cause };
}

function append(entry: WholeEntry): Decision {
  return { kind: "append", entry };
}
