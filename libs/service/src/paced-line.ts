/** Tasks that are done one per turn of the event loop and at a bounded rate, so that a flood of them leaves the loop to others. */
export interface PacedLine {
  /** Does `task` when its turn has come, unless whom it is for is `gone`; false, and it isn't done, if too many wait. */
  add(task: () => void, gone: () => boolean): boolean;
}

/** A token bucket: `perSecond` in the long run, `burst` at once. `now` is a clock in milliseconds. */
export function createBucket(
  { perSecond, burst }: { perSecond: number; burst: number },
  now: () => number,
): { take(): boolean; untilNextMs(): number } {
  let tokens = burst;
  let filledAtMs = now();
  const fill = (): void => {
    const nowMs = now();
    tokens = Math.min(burst, tokens + (Math.max(0, nowMs - filledAtMs) / 1000) * perSecond);
    filledAtMs = nowMs;
  };
  return {
    take() {
      fill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    untilNextMs() {
      fill();
      return (Math.max(0, 1 - tokens) / perSecond) * 1000;
    },
  };
}

/** First come, first served; `most` may wait. */
export function createPacedLine(
  { most, ...rate }: { perSecond: number; burst: number; most: number },
  now: () => number,
): PacedLine {
  const bucket = createBucket(rate, now);
  let waiting: { readonly task: () => void; readonly gone: () => boolean }[] = [];
  const schedule = (): void => {
    const ms = bucket.untilNextMs();
    if (ms === 0) setImmediate(next);
    else setTimeout(next, Math.ceil(ms));
  };
  const next = (): void => {
    while (waiting[0]?.gone()) waiting.shift();
    if (waiting.length > 0 && bucket.take()) waiting.shift()?.task();
    if (waiting.length > 0) schedule();
  };
  return {
    add(task, gone) {
      const idle = waiting.length === 0;
      if (waiting.length >= most) waiting = waiting.filter((one) => !one.gone());
      if (waiting.length >= most) return false;
      waiting.push({ task, gone });
      if (idle) schedule();
      return true;
    },
  };
}
