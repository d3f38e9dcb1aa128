import type { CandidateId, StoredWhole } from "@baton/contracts";

/** The last known entries, bounded; the least recently used is forgotten. Wrong contents cost a retry, never a wrong move. */
export interface EntryCache {
  get(candidateId: CandidateId): StoredWhole | undefined;
  /** `bytes`: what the entry takes as JSON, the measure of the bound. */
  set(stored: StoredWhole, bytes: number): void;
  forget(candidateId: CandidateId): void;
}

/** Opens an empty cache for `limit` bytes of JSON (in memory an entry takes three to four times that). */
export function openEntryCache(limit: number): EntryCache {
  const entries = new Map<CandidateId, { stored: StoredWhole; bytes: number }>();
  let total = 0;
  const forget = (candidateId: CandidateId): void => {
    total -= entries.get(candidateId)?.bytes ?? 0;
    entries.delete(candidateId);
  };
  return {
    get: (candidateId) => entries.get(candidateId)?.stored,
    forget,
    set: (stored, bytes) => {
      const { candidateId, holder } = stored.entry;
      forget(candidateId);
      if (holder === "closed") return;
      entries.set(candidateId, { stored, bytes });
      total += bytes;
      for (const oldest of entries.keys()) {
        if (total <= limit) return;
        forget(oldest);
      }
    },
  };
}
