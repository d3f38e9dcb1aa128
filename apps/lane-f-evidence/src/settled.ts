/** Waits for all of them even if one fails, so that nothing goes on behind a stage that is over; then throws the first failure. */
export async function allSettled<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
