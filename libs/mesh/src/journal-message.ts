/** Messages of JOURNAL as folds see them. */
import { type Entry, type JournalSubject, parseJournalSubject } from "@baton/contracts";
import type { JournalMessage } from "@baton/folds";

import { JournalCorrupt, parseEntry } from "./parse-entry.ts";
import type { StoredMessage } from "./read-page.ts";

/** What of a stored message is looked at. */
export type ReadableMessage = Pick<
  StoredMessage,
  "seq" | "storedMs" | "subject" | "headers" | "data"
>;

/** Told with the sequence of what this release reads no entry in, if somebody asked for it. */
export type OnUnreadable = (sequence: number) => void;

/** A coordinator's append carries it always, and the server keeps it. */
const FENCE_HEADER = "Nats-Expected-Last-Subject-Sequence";

/** A message that was read: its entry is parsed once, when it's asked for. */
export class ReadMessage implements JournalMessage {
  readonly sequence: number;
  readonly storedMs: number;
  readonly subject: string;
  readonly at: JournalSubject | undefined;
  readonly fenced: boolean;
  readonly #onUnreadable: OnUnreadable | undefined;
  #data: Uint8Array | undefined;
  #entry: Entry | undefined;

  constructor(message: ReadableMessage, onUnreadable?: OnUnreadable) {
    this.sequence = message.seq;
    this.storedMs = message.storedMs;
    this.subject = message.subject;
    this.at = parseJournalSubject(message.subject);
    this.fenced = message.headers.has(FENCE_HEADER);
    this.#data = message.data;
    this.#onUnreadable = onUnreadable;
  }

  get entry(): Entry | undefined {
    const data = this.#data;
    if (!data) return this.#entry;
    this.#data = undefined;
    try {
      this.#entry = parseEntry(data, this.sequence);
    } catch (error) {
      if (!(error instanceof JournalCorrupt)) throw error;
      this.#onUnreadable?.(this.sequence);
    }
    return this.#entry;
  }
}
