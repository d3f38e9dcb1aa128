import { foreignIn, type StoredWhole } from "@baton/contracts";
import { type Journal, JournalCorrupt } from "@baton/mesh";

/** Only another release can decide this: the candidate is left alone, and whatever happened to it waits. */
export class NeedsNewer extends Error {
  override readonly name = "NeedsNewer";
  /** Of the entry: whether an older release wrote it. */
  readonly code: "E_ENTRY_NEWER" | "E_ENTRY_OLDER";

  constructor(message: string, options?: ErrorOptions & { readonly olderRelease?: boolean }) {
    super(message, options);
    this.code = options?.olderRelease === true ? "E_ENTRY_OLDER" : "E_ENTRY_NEWER";
  }
}

/** A candidate's last entry, if this release can decide on it. Throws `NeedsNewer`, and what the journal throws. */
export async function lastKnown(
  journal: Pick<Journal, "last" | "wholeStored">,
  candidateId: string,
): Promise<StoredWhole | undefined> {
  const last = await journal.last(candidateId).catch(refuseOther);
  const foreign = last && foreignIn(last.entry);
  if (foreign === undefined) return last && journal.wholeStored(last).catch(refuseOther);
  throw new NeedsNewer(
    `JOURNAL ${last?.sequence}, where ${candidateId} stands, has the ${foreign}, which this release doesn't know`,
  );
}

/** For `catch`: what another release wrote needs that release. */
export function refuseOther(error: unknown): never {
  if (error instanceof JournalCorrupt && error.otherRelease)
    throw new NeedsNewer(error.message, { cause: error, olderRelease: error.olderRelease });
  throw error;
}
