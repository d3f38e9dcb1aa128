/**
 * Whether the broker is one that orders may be sent to, and its market open: known without asking at the moment when it matters.
 *
 * C1: nothing is increased before it was found, nor when the last answer is too old.
 * C2: a market that is closed stops what increases a position, so nothing waits for its opening unseen; it's no trouble.
 */
import { askStanding, BrokerError, type BrokerPlace, standingFault } from "@baton/brokerage";
import { cut } from "@baton/contracts";
import type { Log } from "@baton/telemetry";

/** How often it is asked, and how soon again at first while it doesn't answer, twice that each time; in milliseconds. */
const EVERY_MS = 15_000;
const FIRST_MS = 200;
/** An older answer counts as none. */
const KNOWN_MS = 120_000;

/** What is known of it. */
export interface BrokerWatch extends Disposable {
  /** Why nothing may be increased; null if it may. */
  stop(this: void): string | null;
  /** What people have to mend; null if nothing. */
  problem(this: void): string | null;
}

/** Asks from now on. */
export function watchBroker({
  place,
  log,
  signal,
}: {
  readonly place: BrokerPlace;
  readonly log: Log;
  readonly signal: AbortSignal;
}): BrokerWatch {
  let answeredAt = Number.NEGATIVE_INFINITY;
  let fault: string | undefined;
  let closed: string | null = null;
  let trouble = "it wasn't asked yet";
  let timer: NodeJS.Timeout | undefined;
  let waitMs = FIRST_MS;

  async function look(): Promise<void> {
    try {
      const standing = await askStanding({ ...place, signal });
      const found = standingFault(standing);
      if (found !== fault && found !== undefined) log.error({ code: "E_BROKER_CAPABILITY" }, found);
      fault = found;
      closed = standing.closedUntil;
      answeredAt = performance.now();
      waitMs = EVERY_MS;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      if (error.message !== trouble && !signal.aborted)
        log.warn({ err: error }, "the broker doesn't say what it is");
      trouble = error.message;
    }
    if (signal.aborted) return;
    timer = setTimeout(() => void look(), waitMs);
    waitMs = Math.min(waitMs * 2, EVERY_MS);
  }

  const isKnown = () => performance.now() - answeredAt <= KNOWN_MS;
  const unknown = () =>
    cut(`nobody knows whether the broker takes one order per client order id: ${trouble}`, 400);
  void look();
  return {
    stop() {
      if (!isKnown()) return unknown();
      if (fault !== undefined) return fault;
      return closed === null ? null : `the market is closed until ${closed}`;
    },
    problem: () => (isKnown() ? (fault ?? null) : unknown()),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
