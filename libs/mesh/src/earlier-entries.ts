/** What entries rest on that earlier ones brought: read by sequence, held against the digest in the entry that names them. */
import {
  BasisBroken,
  type Brought,
  broughtBy,
  type Entry,
  type HashedEntry,
  type StoredWhole,
  type WholeEntry,
  wholeOf,
} from "@baton/contracts";

import { JournalCorrupt } from "./parse-entry.ts";

/** Bound of what is remembered, in bytes of JSON. */
const REMEMBERED_BYTES = 1_000_000;

/** Reads entries with all that they rest on. */
export interface WholeEntries {
  /** Throws `JournalCorrupt` where an earlier entry isn't there, or isn't what the entry was decided on. */
  whole(this: void, entry: Entry): Promise<WholeEntry>;
  /** The same of a stored one, to decide on. */
  wholeStored(this: void, stored: HashedEntry): Promise<StoredWhole>;
}

/** `at` reads the entry that is stored under a sequence; each is read once while it is remembered. */
export function openWholeEntries(
  at: (sequence: number) => Promise<HashedEntry | undefined>,
): WholeEntries {
  const remembered = new Map<number, { brought: Brought; bytes: number }>();
  let total = 0;
  const remember = (brought: Brought): void => {
    const bytes = JSON.stringify(brought.basis).length;
    remembered.set(brought.sequence, { brought, bytes });
    total += bytes;
    for (const [oldest, { bytes: freed }] of remembered) {
      if (total <= REMEMBERED_BYTES) return;
      remembered.delete(oldest);
      total -= freed;
    }
  };
  const read = async (sequence: number): Promise<Brought[]> => {
    const known = remembered.get(sequence);
    if (known) return [known.brought];
    const stored = await at(sequence).catch(ofOtherReleaseOnly);
    if (!stored) return [];
    const brought = broughtBy(stored);
    if (!remembered.has(sequence)) remember(brought);
    return [brought];
  };
  const both = async (entry: Entry) => {
    const earlier = (await Promise.all((entry.basis.earlier ?? []).map(read))).flat();
    try {
      return { entry: wholeOf(entry, earlier), earlier };
    } catch (error) {
      if (!(error instanceof BasisBroken)) throw error;
      // It may have been put back by the time that somebody asks again.
      for (const { sequence } of earlier) {
        total -= remembered.get(sequence)?.bytes ?? 0;
        remembered.delete(sequence);
      }
      throw new JournalCorrupt(error.message, { cause: error });
    }
  };
  return {
    whole: async (entry) => (await both(entry)).entry,
    wholeStored: async ({ sequence, sha256, entry }) => {
      return { sequence, sha256, ...(await both(entry)) };
    },
  };
}

/** What can't be read as an entry isn't what was named; one of another release is for that release. */
function ofOtherReleaseOnly(error: unknown): undefined {
  if (error instanceof JournalCorrupt && !error.otherRelease) return undefined;
  throw error;
}
