/** Decides at the head of a trace, once per run, whether it is recorded. */
export interface RunSampler {
  /** True if the trace that begins now shall be recorded. */
  sample(): boolean;
}

/**
 * Samples every new trace at ordinary rates and, in a flood, no more than `perSecond` per second.
 *
 * A token bucket that holds one second's worth (at least one): a burst after a quiet time may take
 * the whole bucket, so any window of t seconds has at most `perSecond` × (t + 1) traces. 0 turns
 * tracing off. `now` is a clock in milliseconds that must not run backwards for long; steps back
 * add nothing.
 */
export function createRunSampler({
  perSecond = 10,
  now,
}: {
  perSecond?: number;
  now: () => number;
}): RunSampler {
  if (!Number.isFinite(perSecond) || perSecond < 0) {
    throw new RangeError(`perSecond is ${perSecond}; it must be 0 (no traces) or a finite rate`);
  }
  const capacity = perSecond === 0 ? 0 : Math.max(1, perSecond);
  let tokens = capacity;
  let filledAtMs = now();
  return {
    sample() {
      const nowMs = now();
      tokens = Math.min(capacity, tokens + (Math.max(0, nowMs - filledAtMs) / 1000) * perSecond);
      filledAtMs = nowMs;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
