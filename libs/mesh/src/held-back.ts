/**
 * Dispatches that this release of a lane can't work on. They are handed back, but every delivery counts towards the cap above
 * which the lane counts as crashed, and towards the stage's retries; so most of the waiting is done by who holds one.
 *
 * K1: the first time it is kept for seconds, then handed back, so that a newer replica beside this one gets it; the second time
 *     for minutes; from then on until this process ends.
 * K2: who is kept takes no place of the lane's.
 */
import type { Delivery } from "./delivery.ts";

/** How long it is kept the first time, the second time, in milliseconds. */
const KEPT_MS = [10_000, 120_000] as const;
/** On the way out: by then this process takes nothing any more. */
const LEAVING_MS = 1000;

interface Kept {
  readonly beat: NodeJS.Timeout;
  readonly end: NodeJS.Timeout | undefined;
  readonly release: () => void;
}

/** The dispatches that one process keeps. */
export class HeldBack {
  readonly #kept = new Map<Delivery, Kept>();
  readonly #beatMs: number;

  /** `ackWaitMs`: who says nothing for so long loses it. */
  constructor(ackWaitMs: number) {
    this.#beatMs = Math.floor(ackWaitMs / 3);
  }

  /** Keeps a delivery, then hands it back and calls `release`. */
  keep(delivery: Delivery, release: () => void): void {
    const beat = setInterval(() => delivery.working(), this.#beatMs);
    const ms = KEPT_MS[delivery.deliveries - 1];
    const end = ms === undefined ? undefined : setTimeout(() => this.#end(delivery, 0), ms);
    this.#kept.set(delivery, { beat, end, release });
  }

  /** Hands everything back: this process ends. */
  leave(): void {
    for (const delivery of this.#kept.keys()) this.#end(delivery, LEAVING_MS);
  }

  #end(delivery: Delivery, delayMs: number): void {
    const kept = this.#kept.get(delivery);
    if (!kept) return;
    this.#kept.delete(delivery);
    clearInterval(kept.beat);
    clearTimeout(kept.end);
    delivery.nak(delayMs);
    kept.release();
  }
}
