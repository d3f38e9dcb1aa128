import type { CandidateId, StoredEntry } from "@baton/contracts";

/** The last known entries, bounded; the least recently used is forgotten. Wrong contents cost a retry, never a wrong move. */
export interface EntryCache {
  get(candidateId: CandidateId): StoredEntry | undefined;
  set(stored: StoredEntry): void;
  forget(candidateId: CandidateId): void;
}

/** Opens an empty cache for `limit` candidates. */
export function openEntryCache(limit: number): EntryCache {
  const entries = new Map<CandidateId, StoredEntry>();
  return {
    get: (candidateId) => entries.get(candidateId),
    set: (stored) => {
      const { candidateId, holder } = stored.entry;
      entries.delete(candidateId);
      if (holder === "closed") return;
      entries.set(candidateId, stored);
      if (entries.size <= limit) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
    forget: (candidateId) => void entries.delete(candidateId),
  };
}
