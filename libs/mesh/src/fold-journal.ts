/**
 * Keeps a fold's state up to date with JOURNAL.
 *
 * K1: when a read has ended, the state is that of all messages up to where the tail has come, in their order.
 * K2: of a fold that needs each candidate's last entry only, those before it aren't parsed: the last message is held until its
 *     candidate is closed, the read ends, or all that is held takes HELD_BYTES.
 * K3: what this process appended is folded at once. While a read is under way it's read all the same, as what others did before
 *     may come after it.
 */
import type { StoredEntry } from "@baton/contracts";
import { type Fold, type JournalMessage, messageOf } from "@baton/folds";

import type { Reader } from "./follow.ts";
import { holdLast } from "./held-messages.ts";
import { type OnUnreadable, type ReadableMessage, ReadMessage } from "./journal-message.ts";
import { openTail, type Tail, type TailOptions } from "./tail.ts";

/** A state, and how far it has come. */
export interface JournalFold<State> extends Omit<Tail, "skip"> {
  readonly state: State;
  /** Folds an entry that this process appended; only for a fold that needs last entries. */
  note(stored: StoredEntry): void;
}

/** How it is fed. */
export interface JournalFoldOptions extends Pick<TailOptions, "perSecond" | "silentMs" | "now"> {
  /** `baton doctor` lists those. */
  readonly onUnreadable?: OnUnreadable;
  /** Called with each message that was folded, and with what it was read from; only of a fold that needs every one. */
  readonly onFolded?: (message: JournalMessage, stored: ReadableMessage) => void;
}

const HELD_BYTES = 16 * 1024 * 1024;

/** A fold of which nothing is read yet. */
export function foldJournal<State>(
  reader: Reader,
  fold: Fold<State>,
  options: JournalFoldOptions = {},
): JournalFold<State> {
  const { onUnreadable, onFolded, ...pace } = options;
  let state = fold.empty();
  let isReading = false;
  const apply = (message: JournalMessage): void => {
    state = fold.apply(state, message);
  };
  const held =
    fold.needs === "last" ? holdLast({ give: apply, onUnreadable, most: HELD_BYTES }) : undefined;
  const tail = openTail(reader, {
    ...pace,
    stream: "journal",
    take:
      held?.take ??
      ((stored) => {
        const message = new ReadMessage(stored, onUnreadable);
        apply(message);
        onFolded?.(message, stored);
      }),
  });
  const settle = (): void => {
    isReading = false;
    held?.release();
  };
  return {
    stream: tail.stream,
    get behind() {
      return tail.behind;
    },
    get caughtUp() {
      return tail.caughtUp;
    },
    get state() {
      return state;
    },
    note: (stored) => {
      if (!isReading) tail.skip(stored.sequence);
      apply(messageOf(stored));
    },
    advance: async (signal) => {
      isReading = true;
      return tail.advance(signal).finally(settle);
    },
  };
}
