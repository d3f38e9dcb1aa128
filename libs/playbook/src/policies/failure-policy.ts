/** The failure policy: what follows a failure of a class. Figures and reasons are compatible with the public guard. */
import type { FailureClass, RetryRule, Stage } from "@baton/contracts";

import type { FailurePolicy, StageRule } from "../format/playbook.ts";

/** What the policy says about one failure. */
export type FailureAction =
  | { readonly action: "retry"; readonly backoffSeconds: number; readonly stageFailures: number }
  | { readonly action: "pause_for_review"; readonly reason: string; readonly stageFailures: number }
  | { readonly action: "fail"; readonly reason: string; readonly stageFailures: number };

/** Delay before retry number `attempt` (from 1): initial·multiplier^(attempt-1), at most the cap; same unit as the inputs. */
export function backoff(
  rule: { initial: number; multiplier: number; max: number },
  attempt: number,
): number {
  return Math.min(rule.initial * rule.multiplier ** (attempt - 1), rule.max);
}

/**
 * Evaluates a failed attempt. `failuresBefore` counts earlier failures of this stage; only `transient` is retried, at most
 * `maxRetries` times (J6), and only below the pause threshold: the public guard asks that once retries are over.
 */
export function evaluateFailure(
  policy: FailurePolicy,
  failure: { class: FailureClass; attempt: number; failuresBefore: number },
): FailureAction {
  const stageFailures = failure.failuresBefore + 1;
  const paused = stageFailures >= policy.autopauseAfterFailures;
  if (failure.class === "transient" && failure.attempt <= policy.maxRetries && !paused) {
    const seconds = backoff(
      {
        initial: policy.initialBackoffSeconds,
        multiplier: policy.backoffMultiplier,
        max: policy.maxBackoffSeconds,
      },
      failure.attempt,
    );
    return { action: "retry", backoffSeconds: Math.trunc(seconds), stageFailures };
  }
  if (paused) {
    return {
      action: "pause_for_review",
      reason: `${failure.class}_failure_threshold_reached`,
      stageFailures,
    };
  }
  return { action: "fail", reason: `${failure.class}_non_retryable`, stageFailures };
}

/** `counts` with one more failure of `stage`. Own keys only: a stage may be called `constructor`. */
export function countFailure(
  counts: Readonly<Record<Stage, number>>,
  stage: Stage,
): Record<Stage, number> {
  const before = Object.hasOwn(counts, stage) ? (counts[stage] ?? 0) : 0;
  return { ...counts, [stage]: before + 1 };
}

/**
 * The part of a stage's policy that its lane needs, in milliseconds. The attempt that reaches the pause threshold isn't
 * retried, so a lane counts only up to the one before it.
 */
export function retryRuleOf(rule: StageRule): RetryRule {
  const policy = rule.policies.transient;
  return {
    maxRetries: Math.min(policy.maxRetries, policy.autopauseAfterFailures - 1),
    initialBackoffMs: Math.round(policy.initialBackoffSeconds * 1000),
    backoffMultiplier: policy.backoffMultiplier,
    maxBackoffMs: Math.round(policy.maxBackoffSeconds * 1000),
    ...(rule.progressSeconds !== null && { progressMs: Math.round(rule.progressSeconds * 1000) }),
  };
}

/**
 * Delay in milliseconds before a transient failure's next attempt, or undefined if there is none (J6). `jitter` is a number
 * in [0, 1): the delay is that part of the full one ("full jitter"); leave it out for the full delay.
 */
export function retryDelay(
  rule: RetryRule,
  failure: { class: FailureClass; attempt: number },
  jitter = 1,
): number | undefined {
  if (failure.class !== "transient" || failure.attempt > rule.maxRetries) return undefined;
  const full = backoff(
    { initial: rule.initialBackoffMs, multiplier: rule.backoffMultiplier, max: rule.maxBackoffMs },
    failure.attempt,
  );
  return Math.round(full * jitter);
}
