/** A process that is told to stop stops in order; told twice, it stops at once. */

/**
 * Aborted by the first SIGINT, SIGTERM or SIGHUP, or when nobody reads standard output any more; a second signal ends the process
 * with 130.
 */
export interface StopSignal extends Disposable {
  readonly signal: AbortSignal;
  /** Resolves when the signal is aborted. */
  readonly given: Promise<void>;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Listens until it's disposed of. */
export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const given = Promise.withResolvers<void>();
  const abort = (): void => {
    controller.abort();
    given.resolve();
  };
  const stop = (): void => {
    // Whatever still runs ends by itself when this process is gone.
    if (controller.signal.aborted) process.exit(130);
    abort();
  };
  // A full disk behind it is no wish to stop: what runs goes on unwritten.
  const left = ({ code }: NodeJS.ErrnoException): void => {
    if (code === "EPIPE") abort();
  };
  process.stdout.on("error", left);
  for (const signal of SIGNALS) process.on(signal, stop);
  return {
    signal: controller.signal,
    given: given.promise,
    [Symbol.dispose]: () => {
      process.stdout.off("error", left);
      for (const signal of SIGNALS) process.off(signal, stop);
    },
  };
}
