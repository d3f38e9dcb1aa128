/** Lets a few at a time begin: many processes that start at once only make each other late. */
export interface Turns {
  /**
   * Resolves when it's this one's turn; of those that wait the one with the smallest `rank` goes first. Call what it gives
   * when the next may begin. Rejects when the signal is aborted.
   */
  take(this: void, rank: number, signal: AbortSignal): Promise<() => void>;
}

interface Waiting {
  readonly rank: number;
  readonly begin: () => void;
}

/** Opens turns for `atOnce` at a time. */
export function openTurns(atOnce: number): Turns {
  let free = atOnce;
  const waiting: Waiting[] = [];
  const next = (): void => {
    if (free === 0 || waiting.length === 0) return;
    free -= 1;
    waiting.sort((a, b) => a.rank - b.rank);
    waiting.shift()?.begin();
  };
  const release = (): (() => void) => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      free += 1;
      next();
    };
  };
  return {
    take: (rank, signal) =>
      new Promise((resolve, reject) => {
        const one: Waiting = { rank, begin: () => resolve(release()) };
        waiting.push(one);
        const giveUp = (): void => {
          const at = waiting.indexOf(one);
          if (at >= 0) waiting.splice(at, 1);
          reject(signal.reason);
        };
        if (signal.aborted) giveUp();
        else signal.addEventListener("abort", giveUp, { once: true });
        next();
      }),
  };
}
