/**
 * A lane that nobody works for, and its workers' return, or that of what they work with. The dispatch stays awaited all the while:
 * whoever comes back finds it waiting, and what they report moves the candidate whether or not the return was noticed first.
 */
import { awaitedDispatch, type Entry } from "@baton/contracts";

import { stageRule } from "../format/playbook.ts";
import { after } from "../instant.ts";
import { retryRuleOf } from "../policies/failure-policy.ts";
import { waitsForService } from "../policies/failure-signature.ts";
import type { Decision, Happening, Question } from "./decision.ts";
import { review, type Step, successor } from "./successor.ts";

type Of<K extends Happening["kind"]> = Extract<Happening, { kind: K }>;

/** Tells people, once for a dispatch that waits: whoever sees it second finds the question asked. */
export function decideNoWorkers({ last, ...on }: Question, happening: Of<"no-workers">): Decision {
  const { dispatch, lane, since } = happening;
  if (!last || awaitedDispatch(last) !== dispatch || last.entry.holder !== lane)
    return { kind: "ignore", why: "stale" };
  const { entry } = last;
  const step: Step = { ...on, last, cause: { kind: "no-workers", lane, since } };
  const asked = review(step, {
    reason: "NO_WORKERS",
    about: { kind: "no-workers", stage: entry.stage },
    awaits: dispatch,
  });
  return { kind: "append", entry: asked };
}

/** Takes the question back: the lane has the baton again, with the stage's full time from now. */
export function decideWorkersBack(
  { last, ...on }: Question,
  happening: Of<"workers-back">,
): Decision {
  const { dispatch, lane } = happening;
  const unmanned = last?.entry.reason === "NO_WORKERS";
  const waits =
    unmanned || last?.entry.reason === "SERVICE_AWAY" || (last && waitsForService(last.entry));
  if (!last || waits !== true || awaitedDispatch(last) !== dispatch)
    return { kind: "ignore", why: "stale" };
  const { entry } = last;
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
}: Step): Pick<Entry, "holder" | "rule" | "deadline" | "review"> {
  const rule = stageRule(playbook, last.entry.stage);
  const deadline = after(now, rule.deadlineSeconds);
  return { holder: rule.lane, rule: retryRuleOf(rule), deadline, review: null };
}
