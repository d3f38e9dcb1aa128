/**
 * Runtime verification: not what was written, but what runs. A change counts as verified when the engine reports the
 * hash of exactly this data, its positions are settled, and the broker itself has every order of it and holds no more
 * than the limit. Time in which the engine increases nothing isn't the change's time.
 */
import { setTimeout as sleep } from "node:timers/promises";

import { engineStop, type RunningStrategy } from "@baton/artifacts";
import type { Broker } from "@baton/brokerage";
import { Failed, type Failure } from "@baton/contracts";
import type { Engine } from "@baton/engine";
import { isOutage } from "@baton/playbook";

import { readStrategy, type RenderedStrategy } from "./strategy-configmap.ts";

/** Pause between two looks, in milliseconds. */
const LOOK_MS = 100;
/** Positions are cut to a millionth of a unit, and prices are floats. */
const LIMIT_TOLERANCE = 1e-6;

/** What verification works with. */
export interface VerificationParts {
  readonly candidateId: string;
  readonly engine: Engine;
  /** The broker's accounts. */
  readonly brokerOf: (account: string) => Broker;
  /** Longest wait in milliseconds. */
  readonly verifyMs: number;
  readonly signal: AbortSignal;
}

/** How it ended: `failed` says what was seen last, `stopped` why the engine increased nothing, or nobody could be asked, for the whole time. */
export type Verification =
  | { readonly kind: "verified"; readonly ms: number; readonly orders: readonly string[] }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "stopped"; readonly stop: Failure };

/** Why a strategy isn't what was wanted; undefined if it is. */
function difference(wanted: RenderedStrategy, seen: RunningStrategy): string | undefined {
  if (seen.hash !== wanted.hash)
    return `the engine runs ${seen.hash.slice(0, 12)} at ${seen.level}, not ${wanted.hash.slice(0, 12)} at ${wanted.level}`;
  return seen.settled ? undefined : (seen.problem ?? "its positions aren't settled");
}

/** Asks the broker itself: an order that the engine says was accepted is there, and the limit is kept. */
async function brokerProblem(
  broker: Broker,
  wanted: RenderedStrategy,
  orders: readonly string[],
): Promise<string | undefined> {
  for (const id of orders)
    if ((await broker.byClientOrderId(id)) === undefined)
      return `the broker doesn't have order ${id.slice(0, 12)}`;
  const { settings } = readStrategy(wanted.text);
  const closes = new Map(settings.instruments.map((of) => [of.instrument, of.signal.close]));
  let exposure = 0;
  for (const { symbol, qty } of await broker.positions()) {
    const close = closes.get(symbol);
    if (close === undefined) return `the account holds ${symbol}, which the strategy doesn't trade`;
    exposure += Math.abs(Number(qty)) * close;
  }
  return exposure <= wanted.notional * (1 + LIMIT_TOLERANCE)
    ? undefined
    : `the account holds ${exposure.toFixed(2)}, over the limit of ${wanted.notional}`;
}

type Look =
  | { readonly verified: true; readonly orders: readonly string[] }
  | { readonly verified: false; readonly reason: string; readonly stop?: Failure | undefined };

async function look(wanted: RenderedStrategy, parts: VerificationParts): Promise<Look> {
  try {
    const status = await parts.engine.status();
    const stop = engineStop(status);
    const seen = status.strategies.find(({ candidateId }) => candidateId === parts.candidateId);
    if (seen === undefined)
      return { verified: false, reason: "the engine doesn't run the strategy", stop };
    const orders = seen.orders
      .filter(({ state }) => state === "accepted")
      .map(({ clientOrderId }) => clientOrderId);
    const reason =
      difference(wanted, seen) ??
      (await brokerProblem(parts.brokerOf(seen.account), wanted, orders));
    return reason === undefined ? { verified: true, orders } : { verified: false, reason, stop };
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    // Engine or broker may come back before the time is up; while they are away nothing is known of what runs.
    const { class: kind, code, message, action } = error;
    const stop = isOutage(error) ? { class: kind, code, message, action } : undefined;
    return { verified: false, reason: message, stop };
  }
}

/**
 * Waits until `wanted` runs: for `verifyMs` at most in which the engine could have got there, and as long in which it increased
 * nothing or nobody could be asked. Throws only when its signal is aborted.
 */
export async function verifyRunning(
  wanted: RenderedStrategy,
  parts: VerificationParts,
): Promise<Verification> {
  const { verifyMs, signal } = parts;
  const start = performance.now();
  const spent = { running: 0, stopped: 0 };
  for (let before = start; ;) {
    signal.throwIfAborted();
    const seen = await look(wanted, parts);
    const now = performance.now();
    if (seen.verified) return { kind: "verified", ms: now - start, orders: seen.orders };
    spent[seen.stop ? "stopped" : "running"] += now - before;
    before = now;
    if (seen.stop && spent.stopped >= verifyMs) return { kind: "stopped", stop: seen.stop };
    if (spent.running >= verifyMs)
      return { kind: "failed", reason: `${seen.reason} (after ${verifyMs} ms)` };
    await sleep(LOOK_MS, undefined, { signal });
  }
}
