/** Runs in a thread of its own: computes one backtest, so that the service's heartbeats go on meanwhile. */
import { parentPort, workerData } from "node:worker_threads";

import { QuantError } from "@baton/quant";

import type { BacktestInput } from "./backtest-input.ts";
import { computeBacktest } from "./compute-backtest.ts";
import type { WorkerMessage } from "./run-backtest.ts";
import { loadSource, SourceError } from "./strategy-source.ts";

const input: BacktestInput = workerData;
const say = (message: WorkerMessage) =>
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage(message);

try {
  const source = await loadSource(input.source, input.plugin);
  const result = computeBacktest(input, source, (step) => say({ kind: "step", step }));
  say({ kind: "done", result });
} catch (error) {
  // Anything else ends the thread, and so the attempt, as an error nobody expected.
  if (error instanceof QuantError) {
    const { code, message, next } = error;
    say({ kind: "refused", refusal: { by: "quant", code, message, next } });
  } else if (error instanceof SourceError) {
    say({ kind: "refused", refusal: { by: "source", message: error.message } });
  } else {
    throw error;
  }
}
