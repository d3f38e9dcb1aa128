/**
 * How a service ends.
 *
 * running ── stop() ──▶ stopping ── all steps done ──▶ ended
 *
 * S1 The signal is aborted first and the work awaited, so that it drains while what it needs is
 *    still open.
 * S2 Steps run one after the other, the last registered first.
 * S3 The first call of stop() decides the reason; later ones change nothing but may raise the code.
 * S4 After the grace the process ends with 70, naming the step that hung.
 */
import { EXIT } from "./exit-codes.ts";
import type { ExitCode } from "./exit-codes.ts";

/** One thing to be closed; it may be asynchronous and should be quick. */
export type ShutdownStep = () => unknown;

/** Ends a process step by step. */
export interface Shutdown {
  /** Aborted when stopping begins. */
  readonly signal: AbortSignal;
  /** What stopping waits for before the first step; it must not reject. */
  awaitFirst(name: string, work: Promise<void>): void;
  /** Registers a step; also while stopping, when it still runs. */
  onShutdown(name: string, step: ShutdownStep): void;
  /** Begins to stop; returns at once. */
  stop(reason: string, code?: ExitCode): void;
}

/** What shutting down tells its owner. */
export interface ShutdownObserver {
  stopping(reason: string, graceMs: number): void;
  stepFailed(name: string, error: unknown): void;
  /** The grace is over; must end the process. */
  overrun(name: string, graceMs: number): void;
  /** Everything is closed; must end the process. */
  ended(code: ExitCode): void;
}

/** A service that's running. `graceMs` is the longest time from stop() to ended(), in milliseconds. */
export function createShutdown(graceMs: number, observer: ShutdownObserver): Shutdown {
  const controller = new AbortController();
  const steps: { name: string; step: ShutdownStep }[] = [];
  let exitCode: ExitCode = EXIT.ok;
  let first = { name: "nothing", work: Promise.resolve() };
  let current = "nothing";

  async function run(): Promise<void> {
    current = first.name;
    await first.work;
    for (let next = steps.pop(); next !== undefined; next = steps.pop()) {
      current = next.name;
      try {
        await next.step();
      } catch (error) {
        observer.stepFailed(next.name, error);
        exitCode = EXIT.internal;
      }
    }
    observer.ended(exitCode);
  }

  return {
    signal: controller.signal,
    awaitFirst: (name, work) => {
      first = { name, work };
    },
    onShutdown: (name, step) => {
      steps.push({ name, step });
    },
    stop(reason, code = EXIT.ok) {
      if (exitCode === EXIT.ok) exitCode = code;
      if (controller.signal.aborted) return;
      observer.stopping(reason, graceMs);
      setTimeout(() => {
        observer.overrun(current, graceMs);
      }, graceMs);
      controller.abort(new DOMException(reason, "AbortError"));
      void run();
    },
  };
}
