let offset = performance.timeOrigin;

/**
 * Milliseconds since 1970 with microseconds. Follows the system clock: the monotonic clock gives the fraction, and is
 * brought back whenever the two differ by more than 2 ms.
 */
export function preciseNow(): number {
  const now = offset + performance.now();
  const wall = Date.now();
  if (Math.abs(now - wall) <= 2) return now;
  offset = wall - performance.now();
  return wall;
}

/** Milliseconds since 1970 of an ISO instant with up to six decimals. */
export function preciseMs(instant: string): number {
  const whole = Date.parse(`${instant.slice(0, 23)}Z`);
  return whole + Number(instant.slice(23, 26).replace("Z", "") || 0) / 1000;
}
