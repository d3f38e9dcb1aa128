/** Runs in a thread of its own: computes one backtest, so that the service's heartbeats go on meanwhile. */
import { parentPort, workerData } from "node:worker_threads";

import { QuantError } from "@baton/quant";

import type { BacktestInput } from "./backtest-input.ts";
import { computeBacktest } from "./compute-backtest.ts";
import type { WorkerMessage } from "./run-backtest.ts";
import { MissingTargets } from "./strategy-of.ts";

const input: BacktestInput = workerData;
const say = (message: WorkerMessage) =>
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage(message);

try {
  const result = computeBacktest(input, (step) => say({ kind: "step", step }));
  say({ kind: "done", result });
} catch (error) {
  // Anything else ends the thread, and so the attempt, as an error nobody expected.
  if (error instanceof QuantError) {
    const { code, message, action } = error;
    say({ kind: "refused", refusal: { code, message, action } });
  } else if (error instanceof MissingTargets) {
    say({ kind: "needs", sets: error.sets });
  } else {
    throw error;
  }
}
