/** So many at a time, the others in the order they came. */
export interface Turns {
  /** A place, to be given back by calling what is returned; undefined if `signal` was aborted before one was free. */
  take(signal: AbortSignal): Promise<(() => void) | undefined>;
}

/** Opens `places` places. */
export function openTurns(places: number): Turns {
  let free = places;
  const queue = new Set<() => void>();
  const give = (): void => {
    const [next] = queue;
    if (next) {
      queue.delete(next);
      next();
    } else free += 1;
  };
  return {
    take: async (signal) => {
      if (signal.aborted) return undefined;
      if (free > 0) {
        free -= 1;
        return give;
      }
      const turn = Promise.withResolvers<(() => void) | undefined>();
      const enter = (): void => turn.resolve(give);
      const leave = (): void => {
        queue.delete(enter);
        turn.resolve(undefined);
      };
      queue.add(enter);
      signal.addEventListener("abort", leave, { once: true });
      return turn.promise.finally(() => signal.removeEventListener("abort", leave));
    },
  };
}
