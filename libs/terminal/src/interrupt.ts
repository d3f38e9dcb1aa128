/** Ctrl-C in the middle of something: the command says what became of it. */

/**
 * Does the work; SIGINT meanwhile ends the process with 130, after saying what `state` answers (nothing if that's empty).
 */
export async function interruptible<T>(state: () => string, work: () => Promise<T>): Promise<T> {
  const end = (): never => {
    const text = state();
    if (text !== "") process.stderr.write(`\ninterrupted: ${text}\n`);
    return process.exit(130);
  };
  process.once("SIGINT", end);
  try {
    return await work();
  } finally {
    process.off("SIGINT", end);
  }
}
