/** Whether a process still answers: one that hangs doesn't end by itself, so nobody would start it again. */
import { setTimeout as delay } from "node:timers/promises";

import { readAddress } from "./http-readiness.ts";

/** How a process that hangs is known. */
export interface Liveness {
  /** Asks it once; must settle within seconds. */
  isAlive(this: void): Promise<boolean>;
  /** Between two looks, in milliseconds; default 5 s. */
  readonly everyMs?: number;
  /** Looks without an answer, one after the other, after which it counts as hanging; default 6. */
  readonly misses?: number;
}

const EVERY_MS = 5000;
const MISSES = 6;
const ANSWER_MS = 4000;

/**
 * Resolves with true once so many looks in a row had no answer, with false when `signal` is aborted. Looks are counted, not
 * time: when this process itself was stopped for a while, that's no fault of the one it looks at.
 */
export async function untilHanging(
  { isAlive, everyMs = EVERY_MS, misses = MISSES }: Liveness,
  signal: AbortSignal,
): Promise<boolean> {
  for (let missed = 0; missed < misses;) {
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return false;
    missed = (await isAlive().catch(() => false)) ? 0 : missed + 1;
  }
  return !signal.aborted;
}

/** True if the service whose address is in the file answers `GET /livez`, whatever it says. */
export async function answersHttp(addressFile: string, withinMs = ANSWER_MS): Promise<boolean> {
  const address = readAddress(addressFile);
  if (address === undefined) return false;
  const response = await fetch(`${address}/livez`, { signal: AbortSignal.timeout(withinMs) });
  await response.body?.cancel();
  return true;
}
