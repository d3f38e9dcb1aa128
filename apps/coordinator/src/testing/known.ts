/** What is known of a journal in memory. */
import type { StoredEntry } from "@baton/contracts";
import { messageOf, whereabouts } from "@baton/folds";

/** Nothing is known yet. */
export function openKnown() {
  const state = whereabouts.empty();
  return {
    whereabouts: state,
    note: (stored: StoredEntry) => void whereabouts.apply(state, messageOf(stored)),
  };
}
