/**
 * A lane that nobody works for, and its workers' return, or that of what they work with. One outage is one question, about the
 * candidate that has waited longest; the others stay with their lane. The dispatch stays awaited all the while: whoever comes back
 * finds it waiting, and what they report moves the candidate whether or not the return was noticed first.
 */
import { type About, awaitedDispatch, type WholeEntry } from "@baton/contracts";

import { stageRule } from "../format/playbook.ts";
import { after } from "../instant.ts";
import { retryRuleOf } from "../policies/failure-policy.ts";
import { waitsForService, waitsForWorkers } from "../policies/failure-signature.ts";
import type { Decision, Happening, Question } from "./decision.ts";
import { review, type Step, successor } from "./successor.ts";

type Of<K extends Happening["kind"]> = Extract<Happening, { kind: K }>;

/**
 * Tells people of the outage, about the one that has waited longest, or notes that another one waits: its stage's deadline makes no
 * verdict of it. Whoever sees it second finds the question asked.
 */
export function decideNoWorkers({ last, ...on }: Question, happening: Of<"no-workers">): Decision {
  const { dispatch, lane, since, waiting, noted } = happening;
  if (!last || awaitedDispatch(last) !== dispatch || last.entry.holder !== lane)
    return { kind: "ignore", why: "stale" };
  const { stage } = last.entry;
  const cause = {
    kind: "no-workers",
    lane,
    since,
    ...(waiting !== undefined && { waiting }),
    ...(noted && { noted }),
  } as const;
  const step: Step = { ...on, last, cause };
  if (noted && waitsForWorkers(last.entry)) return { kind: "ignore", why: "stale" };
  if (noted)
    return {
      kind: "append",
      entry: stayWithLane(step, { kind: "no-workers", stage, lane, since }),
    };
  const about = { kind: "no-workers", stage } as const;
  return { kind: "append", entry: review(step, { reason: "NO_WORKERS", about, awaits: dispatch }) };
}

/** For a day at a time instead of its stage's time. */
export function stayWithLane(step: Step, about: About): WholeEntry {
  return successor(step, {
    ...backToLane(step),
    deadline: after(step.now, step.playbook.limits.reviewSeconds),
    reason: "RETRY_BACKOFF",
    about,
    awaits: awaitedDispatch(step.last) ?? null,
  });
}

/** Takes the question back, if it is asked about this one: the lane has the baton again, with the stage's full time from now. */
export function decideWorkersBack(
  { last, ...on }: Question,
  happening: Of<"workers-back">,
): Decision {
  const { dispatch, lane } = happening;
  if (!last || awaitedDispatch(last) !== dispatch) return { kind: "ignore", why: "stale" };
  const { entry } = last;
  const unmanned = entry.reason === "NO_WORKERS" || waitsForWorkers(entry);
  if (!unmanned && entry.reason !== "SERVICE_AWAY" && !waitsForService(entry))
    return { kind: "ignore", why: "stale" };
  if (stageRule(on.playbook, entry.stage).lane !== lane) return { kind: "ignore", why: "stale" };
  const step: Step = { ...on, last, cause: { kind: "workers-back", lane } };
  const back = successor(step, {
    ...backToLane(step),
    reason: "WORKERS_BACK",
    about: { kind: "workers-back", stage: entry.stage, ...(!unmanned && { service: true }) },
    failure: null,
    awaits: dispatch,
  });
  return { kind: "append", entry: back };
}

/** What changes when the lane of the stage in flight has the baton again. */
export function backToLane({
  last,
  playbook,
  now,
}: Step): Pick<WholeEntry, "holder" | "rule" | "deadline" | "review"> {
  const rule = stageRule(playbook, last.entry.stage);
  const deadline = after(now, rule.deadlineSeconds);
  return { holder: rule.lane, rule: retryRuleOf(rule), deadline, review: null };
}
