/** What each service's process is started with, so that a dozen of them stay small beside each other. */

/**
 * Flags of its node: small young generations. V8's memory reducer would shrink a heap a second after the load is gone, and the
 * next load would pay for making it grow again. It can't be switched off later, nor by NODE_OPTIONS.
 */
export const SERVICE_NODE_FLAGS: readonly string[] = [
  "--max-semi-space-size=8",
  "--no-memory-reducer",
];

/**
 * Its environment. By itself glibc gives each thread an arena of its own and keeps in it what that thread's largest piece of
 * work needed (V8's compilers and collectors), and after a burst it asks for ever larger pieces that it never gives back: 6 MB
 * more in a lane, 5 to 20 MB more in the coordinator. Other C libraries don't know these names.
 */
export const SERVICE_ENV: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: String(4 * 1024 * 1024),
};
