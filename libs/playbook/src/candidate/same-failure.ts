/**
 * The fuse against repeating what won't change: the same failure on the same inputs is counted over attempts and runs, and
 * from `limits.maxSameFailures` on a person decides, whatever retries are left.
 *
 * F1: a count is of one stage and its inputs: other artifacts to work with, or other feedback, begin a new one, and so does
 *     a result of the stage in between.
 * F2: faults of the infrastructure aren't counted, neither here nor among the stage's failures: they say nothing about the
 *     candidate, and pass without a change to it. Their retries are bounded all the same.
 * F3: where the retries of the very first run are used up too, that is the reason given: it says more.
 */
import {
  canonicalJson,
  type WholeEntry,
  type Failure,
  type FailureTally,
  MAX_TALLIES,
  type RunId,
  type Stage,
} from "@baton/contracts";

import { stageRule } from "../format/playbook.ts";
import { digestOf } from "../identify.ts";
import { countFailure, retryDelay, retryRuleOf } from "../policies/failure-policy.ts";
import { failureSignature, isInfrastructure } from "../policies/failure-signature.ts";
import type { Step } from "./successor.ts";

/** What one more failure of `stage` changes of the entry, and its own tally; nothing if it isn't counted (F2). */
export function countFailed(
  entry: WholeEntry,
  stage: Stage,
  failure: Failure,
): { changes: Partial<Pick<WholeEntry, "failures" | "tallies">>; own: FailureTally | undefined } {
  if (isInfrastructure(failure)) return { changes: {}, own: undefined };
  const signature = failureSignature(failure);
  const inputs = inputsDigest(entry, stage);
  const isSame = (one: FailureTally): boolean =>
    one.stage === stage && one.signature === signature && one.inputs === inputs;
  const before = entry.tallies ?? [];
  const { count, runId } = before.find(isSame) ?? { count: 0, runId: entry.runId };
  const own = { stage, signature, inputs, count: count + 1, runId };
  const others = before.filter((one) => !isSame(one));
  const tallies = [...others, own].slice(-MAX_TALLIES);
  return { changes: { failures: countFailure(entry.failures, stage), tallies }, own };
}

/** A failed attempt with its tally, this one counted in. */
export interface Tallied {
  readonly failure: Failure;
  readonly attempt: number;
  readonly own: FailureTally | undefined;
}

/** How often a failure that blew the fuse was seen, and since which run; undefined if it didn't blow it (F3). */
export function sameFailure(
  { last: { entry }, playbook }: Step,
  { failure, attempt, own }: Tallied,
): { count: number; since: RunId } | undefined {
  if (!own || own.count < playbook.limits.maxSameFailures) return undefined;
  const rule = retryRuleOf(stageRule(playbook, own.stage));
  const isFirstRun = own.runId === entry.runId;
  if (isFirstRun && retryDelay(rule, { class: failure.class, attempt }) === undefined)
    return undefined;
  return { count: own.count, since: own.runId };
}

/** The entry's tallies after a result of `stage` (F1), as a change of the entry. */
export function withoutTallies(entry: WholeEntry, stage: Stage): Pick<WholeEntry, "tallies"> {
  if (entry.tallies === undefined) return {};
  return { tallies: entry.tallies.filter((one) => one.stage !== stage) };
}

/** 12 hex digits over what `stage` works with: artifacts of other stages, but for what depends on the clock, and feedback. */
function inputsDigest({ artifacts, feedback }: WholeEntry, stage: Stage): string {
  const files = artifacts.filter((one) => one.stage !== stage && !one.name.startsWith("observed/"));
  const inputs = [
    files.map(({ name, sha256 }) => [name, sha256]),
    feedback.map((one) => [one.stage, one.reasons]),
  ];
  return digestOf(canonicalJson(inputs)).slice(0, 12);
}
