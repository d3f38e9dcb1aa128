/** When a process that ended is started again; the delays grow and have a bound. */
export interface RestartPolicy {
  /** Before the first restart, in milliseconds. */
  readonly initialMs: number;
  readonly multiplier: number;
  /** Longest delay, in milliseconds. */
  readonly maxMs: number;
  /** A process that did its work for so long ended for a new reason: the delays begin anew. */
  readonly steadyMs: number;
  /** Processes that may end without ever having been ready before it counts as failed. */
  readonly startAttempts: number;
  /** Exit codes that a restart wouldn't change, as long as it has never been ready. */
  readonly finalCodes: readonly number[];
}

/** Quick at first, 5 s at most; a wrong configuration (exit code 3) isn't tried again. */
export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  initialMs: 100,
  multiplier: 2,
  maxMs: 5000,
  steadyMs: 10_000,
  startAttempts: 3,
  finalCodes: [3],
};

/** Milliseconds before restart number `inARow`, from 1. */
export function restartDelay(policy: RestartPolicy, inARow: number): number {
  return Math.min(policy.initialMs * policy.multiplier ** (inARow - 1), policy.maxMs);
}
