import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";

/** How `eventually` waits. */
export interface EventuallyOptions {
  /** What is waited for, as it shall read after "not within 5000 ms: ". */
  readonly what: string;
  /** Default 5000. */
  readonly withinMs?: number;
  /** Pause between two looks; default 20. */
  readonly everyMs?: number;
}

/** What a condition answers with while it doesn't hold. */
export type NotYet = false | null | undefined;

/**
 * Looks at a condition until it holds, and answers with what it gave.
 *
 * It holds when it gives anything but false, null or undefined; an error that it throws counts as
 * "not yet". Rejects at the deadline, even if a look hangs, with what the last look gave.
 */
export async function eventually<T>(
  condition: () => T | NotYet | Promise<T | NotYet>,
  { what, withinMs = 5000, everyMs = 20 }: EventuallyOptions,
): Promise<T> {
  let last = "none was answered";
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<"expired">((resolve) => {
    timer = setTimeout(() => resolve("expired"), withinMs);
  });
  try {
    for (;;) {
      const seen = await Promise.race([look(condition), expired]);
      if (seen === "expired") break;
      if (seen.held) return seen.value;
      ({ last } = seen);
      if ((await Promise.race([delay(everyMs), expired])) === "expired") break;
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`not within ${withinMs} ms: ${what}; last look: ${last}`);
}

type Look<T> = { held: true; value: T } | { held: false; last: string };

async function look<T>(condition: () => T | NotYet | Promise<T | NotYet>): Promise<Look<T>> {
  try {
    const value = await condition();
    if (value !== false && value !== null && value !== undefined) return { held: true, value };
    return { held: false, last: inspect(value) };
  } catch (error) {
    return { held: false, last: error instanceof Error ? error.message : inspect(error) };
  }
}
