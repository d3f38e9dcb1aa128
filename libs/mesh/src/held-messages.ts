/**
 * The last message of each open candidate, its bytes unparsed, until they're released. Each candidate has a slot that its next
 * message is written into, and a closed one's slot goes to another: keeping messages themselves costs the collector more than
 * parsing them all.
 */
import type { JournalMessage } from "@baton/folds";

import { type OnUnreadable, type ReadableMessage, ReadMessage } from "./journal-message.ts";

/** What is held. */
export interface HeldMessages {
  take(this: void, message: ReadableMessage): void;
  /** Hands on what is held. */
  release(this: void): void;
}

/** How it holds. */
export interface HoldOptions {
  readonly give: (message: JournalMessage) => void;
  readonly onUnreadable?: OnUnreadable | undefined;
  /** Bytes that are held at most; what is over is handed on. */
  readonly most: number;
}

interface Slot {
  message: Omit<ReadableMessage, "data">;
  length: number;
  bytes: Buffer;
}

/** Messages are some two kilobytes, and differ. */
const ROUND = 1024;

/** Holds nothing yet. */
export function holdLast({ give, onUnreadable, most }: HoldOptions): HeldMessages {
  const held = new Map<string, Slot>();
  let free: Slot[] = [];
  let total = 0;
  const fill = (slot: Slot, message: ReadableMessage): void => {
    const { data, seq, storedMs, subject, headers } = message;
    if (data.length > slot.bytes.length) {
      total -= slot.bytes.length;
      slot.bytes = Buffer.allocUnsafeSlow(Math.ceil(data.length / ROUND) * ROUND);
      total += slot.bytes.length;
    }
    slot.bytes.set(data);
    slot.length = data.length;
    slot.message = { seq, storedMs, subject, headers };
  };
  const release = (): void => {
    for (const { message, bytes, length } of held.values())
      give(new ReadMessage({ ...message, data: bytes.subarray(0, length) }, onUnreadable));
    held.clear();
    free = [];
    total = 0;
  };
  return {
    release,
    take: (message) => {
      const read = new ReadMessage(message, onUnreadable);
      const { at, fenced } = read;
      // What no coordinator wrote may be no entry, and then doesn't say where its candidate stands.
      if (!at || (!fenced && !read.entry)) return give(read);
      const slot = held.get(at.candidateId);
      if (at.holder === "closed") {
        held.delete(at.candidateId);
        if (slot) free.push(slot);
        return give(read);
      }
      const next = slot ?? free.pop() ?? { message, length: 0, bytes: Buffer.alloc(0) };
      if (!slot) held.set(at.candidateId, next);
      fill(next, message);
      if (total > most) release();
    },
  };
}
