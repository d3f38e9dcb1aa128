/**
 * What is known by reading JOURNAL from its beginning, as a pure value: a state, and what a message makes of it. One tail feeds
 * them all (`foldJournal` of @baton/mesh).
 *
 * F1: a state is kept of open candidates and as counters; of closed ones only where its user lists them.
 * F2: what isn't an entry, and doesn't bear the fence, changes nothing of what is known of its candidate. Of a candidate whose last
 *     entry only another release reads nothing is known but what the subject says.
 * F3: `unpack(pack(state))` behaves like `state`, whatever is applied to it then.
 */
import {
  type Entry,
  journalSubject,
  type JournalSubject,
  type StoredEntry,
} from "@baton/contracts";

/** A message of JOURNAL. */
export interface JournalMessage {
  readonly sequence: number;
  /** When it was stored, in milliseconds since 1970; told by who appended it, when it was decided. */
  readonly storedMs: number;
  readonly subject: string;
  /** What the subject says; undefined if it isn't an entry's. */
  readonly at: JournalSubject | undefined;
  /** Bears the fence, as every append of a coordinator does. */
  readonly fenced: boolean;
  /** Parsed when it's first asked for, which is what costs; undefined if this release reads no entry in it. */
  readonly entry: Entry | undefined;
}

/** A value that JSON keeps as it is. */
export type Packed =
  | null
  | boolean
  | number
  | string
  | readonly Packed[]
  | { readonly [key: string]: Packed };

/** A fold. */
export interface Fold<State> {
  readonly name: string;
  /** Of the packed form and of what `apply` makes: another one's isn't unpacked. */
  readonly version: number;
  /**
   * `last`: what is known of a candidate follows from its last entry alone, so who reads a long journal may leave out those
   * before it. `every`: from all its messages in order.
   */
  readonly needs: "last" | "every";
  empty(): State;
  /** The state after a message. The one that was given may be changed, and isn't used again. */
  apply(state: State, message: JournalMessage): State;
  pack(state: State): Packed;
  /** Undefined for what no `pack` of this version made. */
  unpack(packed: unknown): State | undefined;
}

/** A stored entry as folds see it. */
export function messageOf({ sequence, entry }: StoredEntry): JournalMessage {
  const { holder, candidateId, stage, runId, time } = entry;
  return {
    sequence,
    storedMs: Date.parse(time),
    subject: journalSubject(entry),
    at: { holder, candidateId, stage, runId },
    fenced: true,
    entry,
  };
}
