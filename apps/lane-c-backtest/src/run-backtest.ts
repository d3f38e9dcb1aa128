import { Worker } from "node:worker_threads";

import type { Parameters } from "@baton/artifacts";

import type { BacktestInput } from "./backtest-input.ts";
import type { BacktestResult } from "./compute-backtest.ts";

/** Why a backtest can't be computed; a retry would refuse it again. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly action: string;
}

/** What the thread says. */
export type WorkerMessage =
  | { readonly kind: "step"; readonly step: string }
  | { readonly kind: "done"; readonly result: BacktestResult }
  /** An authored strategy must be asked for these sets first. */
  | { readonly kind: "needs"; readonly sets: readonly Parameters[] }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** How a backtest ended. */
export type BacktestOutcome = Exclude<WorkerMessage, { readonly kind: "step" }>;

/** Largest heap of the thread in MiB: a full grid on the longest series stays far below. */
const MAX_HEAP_MB = 1024;

/**
 * Computes a backtest in a thread of its own. Rejects with the signal's reason as soon as it is aborted (the thread
 * is ended at once, wherever it is), and with the thread's error if it fails unexpectedly.
 */
export async function runBacktest(
  input: BacktestInput,
  { signal, step }: { readonly signal: AbortSignal; readonly step: (what: string) => void },
): Promise<BacktestOutcome> {
  signal.throwIfAborted();
  const worker = new Worker(new URL("backtest-worker.ts", import.meta.url), {
    workerData: input,
    env: {},
    execArgv: ["--disable-warning=ExperimentalWarning"],
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const { promise, resolve, reject } = Promise.withResolvers<BacktestOutcome>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  worker.on("message", (message: WorkerMessage) => {
    if (message.kind === "step") step(message.step);
    else resolve(message);
  });
  worker.once("error", reject);
  worker.once("exit", (code) => reject(new Error(`the backtest's thread ended with ${code}`)));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
