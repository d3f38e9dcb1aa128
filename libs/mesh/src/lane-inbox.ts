/** A lane's side of the mesh: dispatches in, reports out. */
import {
  type Entry,
  isDispatch,
  journalFilter,
  journalSubject,
  type Lane,
  STREAMS,
} from "@baton/contracts";

import type { Delivery } from "./delivery.ts";
import { JournalCorrupt, parseEntry } from "./journal.ts";
import type { PullWorker, startPullWorker } from "./pull-worker.ts";
import { laneDurable } from "./topology.ts";

/** A dispatch as a lane gets it; exactly one of `ack`, `retry`, `setAside` settles it. */
export interface LaneDispatch {
  readonly entry: Entry;
  readonly sequence: number;
  /** From 1. */
  readonly deliveries: number;
  /** True if the durable will not deliver it again. */
  readonly lastDelivery: boolean;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  ack(): void;
  retry(delayMs: number): void;
  setAside(reason: string): void;
  working(): void;
}

/** How a lane takes dispatches. */
export interface LaneInbox {
  open(options: {
    capacity: number;
    onDispatch: (dispatch: LaneDispatch, release: () => void) => void;
    onTrouble: (what: string) => void;
  }): PullWorker;
}

/** What an inbox is made of. */
export interface LaneInboxParts {
  readonly lane: Lane;
  readonly maxDeliver: number;
  readonly start: (options: Omit<Parameters<typeof startPullWorker>[1], "restore">) => PullWorker;
}

/** The inbox of a lane. Notes (entries that aren't dispatches) are acknowledged away; foreign messages are set aside. */
export function openLaneInbox({ lane, maxDeliver, start }: LaneInboxParts): LaneInbox {
  return {
    open: ({ capacity, onDispatch, onTrouble }) =>
      start({
        stream: STREAMS.journal.name,
        durable: laneDurable(lane),
        capacity,
        onTrouble,
        onDelivery: (delivery, release) => {
          const entry = readDispatch(delivery, lane, onTrouble);
          if (entry) onDispatch(new DeliveredDispatch(delivery, entry, maxDeliver), release);
          else release();
        },
      }),
  };
}

function readDispatch(
  delivery: Delivery,
  lane: Lane,
  onTrouble: (what: string) => void,
): Entry | undefined {
  try {
    const entry = parseEntry(delivery.data, delivery.sequence);
    const agrees = entry.holder === lane && journalSubject(entry) === delivery.subject;
    if (!agrees) throw new JournalCorrupt(`JOURNAL ${delivery.sequence}: subject and entry differ`);
    if (isDispatch(entry)) return entry;
    delivery.ack();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    delivery.term(`E_MALFORMED ${reason}`);
    onTrouble(`set aside a message on ${journalFilter(lane)}: ${reason}`);
  }
  return undefined;
}

class DeliveredDispatch implements LaneDispatch {
  readonly entry: Entry;
  readonly sequence: number;
  readonly deliveries: number;
  readonly lastDelivery: boolean;
  readonly storedAt: number;
  readonly #delivery: Delivery;

  constructor(delivery: Delivery, entry: Entry, maxDeliver: number) {
    this.entry = entry;
    this.sequence = delivery.sequence;
    this.deliveries = delivery.deliveries;
    this.lastDelivery = delivery.deliveries >= maxDeliver;
    this.storedAt = delivery.storedAt;
    this.#delivery = delivery;
  }

  ack(): void {
    this.#delivery.ack();
  }

  retry(delayMs: number): void {
    this.#delivery.nak(delayMs);
  }

  setAside(reason: string): void {
    this.#delivery.term(reason);
  }

  working(): void {
    this.#delivery.working();
  }
}
