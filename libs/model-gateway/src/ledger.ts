/** One attempt's budgets while its calls are in flight: each call holds what it may take before it is made, and settles afterwards. */
import {
  type Amount,
  type Budget,
  decide,
  type Decision,
  NOTHING,
  plus,
  type Wish,
} from "./budget.ts";

/** A call's place in the ledger. */
export interface Held {
  readonly output: number;
  readonly holds: Amount;
  /** Once; what is said later changes nothing. */
  settle(this: void, took: Amount): void;
}

type Answer = Held | Extract<Decision, { kind: "refuse" }> | { readonly kind: "busy" };

export interface Ledger {
  /** Waits for its turn where calls in flight hold what is left. Rejects if the signal aborts. */
  hold(wish: Wish, signal: AbortSignal): Promise<Answer>;
  /** What this attempt took so far, without what is still held. */
  spent(): Amount;
}

/** Calls beside each other, and those that wait for them. */
const MOST_IN_FLIGHT = 32;
const MOST_WAITING = 64;

export function openLedger(budgets: readonly Budget[]): Ledger {
  const held = new Set<Amount>();
  const waiting = new Set<() => void>();
  let took = NOTHING;
  const now = (wish: Wish): Decision => {
    const sofar = budgets.map((budget) => ({ ...budget, spent: plus(budget.spent, took) }));
    const decision = decide(sofar, [...held], wish);
    const full = decision.kind === "allow" && held.size >= MOST_IN_FLIGHT;
    return full ? { kind: "wait" } : decision;
  };
  const take = ({ output, holds }: Extract<Decision, { kind: "allow" }>): Held => {
    const own = { ...holds };
    held.add(own);
    const settle = (amount: Amount): void => {
      if (!held.delete(own)) return;
      took = plus(took, amount);
      const woken = [...waiting];
      waiting.clear();
      for (const wake of woken) wake();
    };
    return { output, holds, settle };
  };
  return {
    async hold(wish, signal) {
      for (;;) {
        signal.throwIfAborted();
        const decision = now(wish);
        if (decision.kind === "allow") return take(decision);
        if (decision.kind === "refuse") return decision;
        if (waiting.size >= MOST_WAITING) return { kind: "busy" };
        await untilWoken(waiting, signal);
      }
    },
    spent: () => took,
  };
}

function untilWoken(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      waiting.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    waiting.add(wake);
    signal.addEventListener("abort", wake, { once: true });
  });
}
