/**
 * What keeps a candidate from its next stage although it may go there: the kill switch, an incident's freeze, a change that
 * Git doesn't have yet. Its last result is kept, and it goes on by itself when the stop is lifted.
 *
 * S1: every dispatch that a decision comes to is held against the stops, in one place.
 * S2: recovery is never stopped, nor is a candidate by the incident that it recovers from; only what a lane itself says that
 *     the kill switch kept it from waits for the switch, recovery's checks too.
 * S3: what a person asks for is refused while it's stopped; only a lane's result is kept.
 */
import {
  type AnyReason,
  type CandidateId,
  canonicalJson,
  type Controls,
  type Entry,
  type Emergency,
  type WholeEntry,
  type Incident,
  incidentsOf,
  isDispatch,
  isStopFailure,
  type PreciseInstant,
  type Reason,
  type ResultReport,
  type Stage,
  type StoppedBy,
} from "@baton/contracts";

import { type Decision, type Question, type Refusal, reject } from "../candidate/decision.ts";
import { review } from "../candidate/successor.ts";
import { type Playbook, type StageRule, stageRule } from "../format/playbook.ts";
import { promotes, recoveryStage, waitsForKillSwitch } from "../format/promotion.ts";
import { instantMs } from "../instant.ts";

const STOP_REASONS = ["FROZEN", "KILL_SWITCH", "PROMOTION_BLOCKED"] as const satisfies Reason[];
type StopReason = (typeof STOP_REASONS)[number];

/** Why a candidate can't go on to `stage`. */
export interface Stop {
  readonly reason: StopReason;
  readonly stage: Stage;
  readonly by: StoppedBy;
}

/** True if it waits, with a result that is kept, for a stop to be lifted. */
export function isStopped({ holder, reason, hold, kept }: Entry): boolean {
  const reasons: readonly AnyReason[] = STOP_REASONS;
  return holder === "review" && hold === null && kept !== null && reasons.includes(reason);
}

/** What keeps a candidate from `to` at the moment, the gravest first; undefined if nothing. */
export function stopFor(
  controls: Controls | undefined,
  playbook: Playbook,
  on: {
    readonly candidateId: CandidateId;
    readonly to: Stage;
    readonly recovering?: readonly string[];
    /** True if the stage was under way and its lane said that a stop was in its way. */
    readonly interrupted?: boolean;
  },
): Stop | undefined {
  if (!controls) return undefined;
  const rule = stageRule(playbook, on.to);
  const { killSwitch, incidents, tasks } = controls;
  if (killSwitch && on.interrupted === true) return killSwitchStop(rule, killSwitch);
  if (on.to === recoveryStage(playbook)) return undefined;
  if (killSwitch && waitsForKillSwitch(playbook, rule)) return killSwitchStop(rule, killSwitch);
  const frozen = incidents.find(
    (one) => on.recovering?.includes(one.id) !== true && isWithin(one, { ...on, lane: rule.lane }),
  );
  if (frozen) return freezeStop(rule, frozen);
  const [task] = tasks;
  return task && promotes(rule) ? taskStop(rule, task) : undefined;
}

function isWithin(
  { scope }: Incident,
  of: { readonly candidateId: CandidateId; readonly lane: string },
): boolean {
  switch (scope.kind) {
    case "all":
      return true;
    case "lane":
      return scope.lane === of.lane;
    case "candidate":
      return scope.candidateId === of.candidateId;
  }
}

function killSwitchStop(
  { stage }: StageRule,
  { by, time, why }: NonNullable<Controls["killSwitch"]>,
): Stop {
  return { reason: "KILL_SWITCH", stage, by: { kind: "kill-switch", since: time, by, why } };
}

function freezeStop({ stage }: StageRule, { id, by, time, why }: Incident): Stop {
  return { reason: "FROZEN", stage, by: { kind: "incident", id, since: time, by, why } };
}

function taskStop({ stage }: StageRule, { id, ticket, scope }: Controls["tasks"][number]): Stop {
  return { reason: "PROMOTION_BLOCKED", stage, by: { kind: "task", id, ticket, scope } };
}

/** The emergency that lets `candidateId` be changed outside Git at `now`; undefined if none does. */
export function emergencyFor(
  controls: Controls | undefined,
  candidateId: CandidateId,
  now: string,
): Emergency | undefined {
  return (
    controls?.incidents
      .map(({ emergency }) => emergency)
      .find(
        (one) =>
          one !== null &&
          !one.ended &&
          one.scope === candidateId &&
          instantMs(now) < instantMs(one.until),
      ) ?? undefined
  );
}

/** The decision as it is under the stops (S1). */
export function underStops(question: Question, decision: Decision): Decision {
  if (decision.kind !== "append" || !isDispatch(decision.entry)) return decision;
  const { entry } = decision;
  const { playbook, happening, controls } = question;
  const result = resultOf(question);
  const outcome = result?.report.outcome;
  const stop = stopFor(controls?.controls, playbook, {
    candidateId: entry.candidateId,
    to: entry.stage,
    recovering: incidentsOf(entry),
    interrupted: outcome?.kind === "failed" && isStopFailure(outcome.failure),
  });
  if (!stop) return decision;
  if (!result) return stopRefusal(stop);
  if (happening.kind === "lifted" && isSameStop(question, stop))
    return { kind: "ignore", why: "early" };
  return stopped(question, { stop, result, on: entry });
}

function stopRefusal({ reason, stage, by }: Stop): Refusal {
  const what = `refused (${reason}): ${stage} waits`;
  const action = "`baton get controls` shows what is engaged, open or to be brought to Git.";
  switch (by.kind) {
    case "kill-switch":
      return reject("E_GUARD", `${what} for the kill switch, engaged by ${by.by}`, action);
    case "incident":
      return reject("E_GUARD", `${what} for incident ${by.id}, opened by ${by.by}`, action);
    case "task":
      return reject("E_GUARD", `${what} for ${by.id}: ${by.scope} under ${by.ticket}`, action);
  }
}

interface Kept {
  readonly report: ResultReport;
  readonly sequence: number;
  readonly storedAt: PreciseInstant;
}

/** The result that the dispatch rests on; undefined where a person asked for it (S3). */
function resultOf({ happening, last }: Question): Kept | undefined {
  if (happening.kind === "lifted") return last?.entry.kept ?? undefined;
  if (happening.kind !== "report" || happening.report.type !== "result") return undefined;
  const { report, sequence, storedAt } = happening;
  return { report, sequence, storedAt };
}

function isSameStop({ last }: Question, stop: Stop): boolean {
  const before = last?.entry.about;
  return (
    before?.kind === "stopped" &&
    before.stage === stop.stage &&
    canonicalJson(before.by) === canonicalJson(stop.by)
  );
}

function stopped(
  { last, playbook, now }: Question,
  { stop, result, on }: { stop: Stop; result: Kept; on: WholeEntry },
): Decision {
  if (!last) throw new Error("a result is about a candidate");
  const { reason, stage, by } = stop;
  const about = { kind: "stopped", stage, by } as const;
  const step = { last, playbook, now, cause: on.cause };
  // The evidence is what was verified about the result; when it goes on, it is verified again.
  const { evidence } = on;
  const held = { reason, about, awaits: null, kept: { ...result }, evidence };
  return { kind: "append", entry: review(step, held) };
}
