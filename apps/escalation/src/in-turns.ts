const TOGETHER = 16;

/** Does the work for every item, a few at a time. Rejects with the first rejection; the others under way go on. */
export async function inTurns<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const workers = Array.from({ length: TOGETHER }, async () => {
    for (const item of queue) await work(item);
  });
  await Promise.all(workers);
}
