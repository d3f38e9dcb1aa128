/**
 * Weather: what a lane works with is away (`isOutage`). It says nothing about a candidate, so nothing is decided about one: it stays
 * with its lane, which goes on trying, and no deadline of its stage makes a verdict of it.
 *
 * - The lane says so once per delivery (`waits`): the candidate waits, for a day at a time instead of its stage's time.
 * - One outage is one question: about the candidate that has waited longest, asked by whoever watches the lane.
 * - When nothing is away any more, all have their stage's full time from then; whoever is quicker reports its result.
 */
import { type AttemptReport, awaitedDispatch, type WholeEntry } from "@baton/contracts";

import { after } from "../instant.ts";
import { isOutage, waitsForService } from "../policies/failure-signature.ts";
import { backToLane } from "./decide-workers.ts";
import type { Decision, Happening, Question } from "./decision.ts";
import { review, type Step, successor } from "./successor.ts";

/** Whatever a lane says, so often it may begin to wait for one dispatch: each is a delivery. */
const MAX_WAITS = 100;

/** True if a lane says that its attempt isn't over, but waits for what is away. */
export function saysItWaits({ failure, waits, attempt }: AttemptReport): boolean {
  return waits === true && isOutage(failure) && attempt <= MAX_WAITS;
}

/** Notes that a lane waits. A question that only silence led to is taken back; what people hold or were asked stays so. */
export function noteOutage(step: Step, { failure, attempt }: AttemptReport): Decision {
  const { entry } = step.last;
  const unasked = entry.reason === "NO_WORKERS" || entry.reason === "DEADLINE_PASSED";
  const isHeld = entry.hold !== null;
  if (entry.holder === "review" && (!unasked || isHeld)) return { kind: "ignore", why: "stale" };
  const about = { kind: "waits", stage: entry.stage } as const;
  return { kind: "append", entry: waiting(step, { about, failure, attempt }) };
}

/** A day of waiting is over: another one begins, as the outage has its own question. */
export function waitOn(step: Step): WholeEntry {
  const { failure, stage, attempt } = step.last.entry;
  return waiting(step, { about: { kind: "waits", stage, still: true }, failure, attempt });
}

function waiting(
  step: Step,
  changes: Pick<WholeEntry, "about" | "failure" | "attempt">,
): WholeEntry {
  const { last, now, playbook } = step;
  return successor(step, {
    ...backToLane(step),
    deadline: after(now, playbook.limits.reviewSeconds),
    reason: "RETRY_BACKOFF",
    awaits: awaitedDispatch(last) ?? null,
    ...changes,
  });
}

/** Tells people of the outage: `waiting` candidates of the lane wait for it, this one the longest. */
export function decideServiceAway(
  { last, ...on }: Question,
  happening: Extract<Happening, { kind: "service-away" }>,
): Decision {
  const { dispatch, lane, waiting: count } = happening;
  const isWaiting = last && awaitedDispatch(last) === dispatch && waitsForService(last.entry);
  if (!isWaiting || last.entry.holder !== lane) return { kind: "ignore", why: "stale" };
  const { entry } = last;
  const step: Step = { ...on, last, cause: { kind: "service-away", lane, waiting: count } };
  const asked = review(step, {
    reason: "SERVICE_AWAY",
    about: { kind: "service-away", stage: entry.stage, since: entry.time },
    awaits: dispatch,
  });
  return { kind: "append", entry: asked };
}
