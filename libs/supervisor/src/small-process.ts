/** What each service's process is started with, so that a dozen of them stay small and out of each other's way. */
import { setPriority } from "node:os";

/**
 * Flags of its node: small young generations. V8's memory reducer would shrink a heap a second after the load is gone, and the
 * next load would pay for making it grow again. It can't be switched off later, nor by NODE_OPTIONS.
 */
export const SERVICE_NODE_FLAGS: readonly string[] = [
  "--max-semi-space-size=8",
  "--no-memory-reducer",
];

/**
 * Its environment. By itself glibc gives each thread an arena of its own, which keeps what was freed in it, and lets the free end
 * of its heap grow with what a process asked for: measured with 2,000 candidates in flight, 6 MB more in a lane and in the
 * coordinator, 20 MB more in the coordinator now and then. Other C libraries don't know these names.
 */
export const SERVICE_ENV: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: String(4 * 1024 * 1024),
};

/** Niceness: a third of the processor time of who has none, where both want it. */
const YIELDING = 5;

/**
 * Lets a process that was just started yield to those that hand over: nobody else waits for a lane's work or for what watches,
 * everybody waits for the coordinator and nats-server. Figures are in docs/benchmarks.md. What it starts itself yields too.
 */
export function letYield(pid: number): void {
  try {
    setPriority(pid, YIELDING);
  } catch {
    // It's gone already, or the system knows no priorities.
  }
}
