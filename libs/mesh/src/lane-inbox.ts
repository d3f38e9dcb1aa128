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
import { HeldBack } from "./held-back.ts";
import type { Newer } from "./newer.ts";
import { JournalCorrupt, parseEntry } from "./parse-entry.ts";
import type { PullWorker, startPullWorker } from "./pull-worker.ts";
import { laneDurable } from "./topology.ts";

/** A dispatch as a lane gets it; exactly one of `ack`, `retry` settles it. */
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
  working(): void;
}

/** How a lane takes dispatches. */
export interface LaneInbox {
  open(options: {
    capacity: number;
    /** Stages that this release of the lane has work for, all if left out; a dispatch of another waits for a newer one. */
    stages?: ReadonlySet<string>;
    onDispatch: (dispatch: LaneDispatch, release: () => void) => void;
    onTrouble: (what: string) => void;
  }): PullWorker;
}

/** What an inbox is made of. */
export interface LaneInboxParts {
  readonly lane: Lane;
  readonly maxDeliver: number;
  readonly ackWaitMs: number;
  readonly newer: Newer;
  readonly start: (options: Omit<Parameters<typeof startPullWorker>[1], "restore">) => PullWorker;
}

/**
 * The inbox of a lane. Notes (entries that aren't dispatches) are acknowledged away; what only a newer release can work on is
 * kept and handed back (HeldBack); what no coordinator can have written is set aside.
 */
export function openLaneInbox(parts: LaneInboxParts): LaneInbox {
  const { lane, maxDeliver, ackWaitMs, start } = parts;
  return {
    open: ({ capacity, stages, onDispatch, onTrouble }) => {
      const held = new HeldBack(ackWaitMs);
      const worker = start({
        stream: STREAMS.journal.name,
        durable: laneDurable(lane),
        capacity,
        onTrouble,
        onDelivery: (delivery, release) => {
          const read = readDispatch(delivery, lane, stages);
          if (read.kind === "dispatch")
            return onDispatch(new DeliveredDispatch(delivery, read.entry, maxDeliver), release);
          if (read.kind === "newer") {
            if (parts.newer.note(read.isOlder ? "older entry" : "entry", read.why))
              onTrouble(
                read.isOlder
                  ? `E_ENTRY_OLDER ${read.why}; it waits for the release of ${lane} that wrote it`
                  : `E_ENTRY_NEWER ${read.why}; it waits for a newer release of ${lane}`,
              );
            worker.widen(1);
            return held.keep(delivery, () => {
              worker.widen(-1);
              release();
            });
          }
          if (read.kind === "malformed") {
            delivery.term(`E_MALFORMED ${read.why}`);
            onTrouble(`set aside a message on ${journalFilter(lane)}: ${read.why}`);
          } else delivery.ack();
          release();
        },
      });
      return {
        held: () => worker.held(),
        silentMs: () => worker.silentMs(),
        widen: (by) => worker.widen(by),
        stop: (graceMs) => {
          const stopped = worker.stop(graceMs);
          held.leave();
          return stopped;
        },
      };
    },
  };
}

type ReadDispatch =
  | { readonly kind: "dispatch"; readonly entry: Entry }
  | { readonly kind: "note" }
  | { readonly kind: "newer"; readonly why: string; readonly isOlder: boolean }
  | { readonly kind: "malformed"; readonly why: string };

function readDispatch(
  delivery: Delivery,
  lane: Lane,
  stages: ReadonlySet<string> | undefined,
): ReadDispatch {
  const { data, sequence, subject } = delivery;
  try {
    const entry = parseEntry(data, sequence);
    if (entry.holder !== lane || journalSubject(entry) !== subject)
      return { kind: "malformed", why: `JOURNAL ${sequence}: subject and entry differ` };
    if (!isDispatch(entry)) return { kind: "note" };
    if (stages?.has(entry.stage) !== false) return { kind: "dispatch", entry };
    const why = `JOURNAL ${sequence} is a dispatch of ${entry.stage}, for which this release of ${lane} has no work`;
    return { kind: "newer", why, isOlder: false };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof JournalCorrupt && error.otherRelease)
      return { kind: "newer", why, isOlder: error.olderRelease };
    return { kind: "malformed", why };
  }
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

  working(): void {
    this.#delivery.working();
  }
}
