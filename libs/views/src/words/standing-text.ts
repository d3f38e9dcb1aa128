import { cut, type Entry, type Feedback } from "@baton/contracts";

import { particularsOf } from "./particulars.ts";

/** So much of why an earlier run came back stands before what is told anyway. */
const MAX_WHY = 120;

/**
 * The particulars for a list, in which nobody sees the earlier runs: with why the candidate has another one, if
 * it came back. `feedback`: that of the candidate's earlier runs.
 */
export function standingText(entry: Entry, feedback: readonly Feedback[]): string {
  const { about, holder, iteration } = entry;
  const told = particularsOf(entry);
  const back = feedback.at(-1);
  if (back === undefined || holder === "closed") return told;
  const run = `run ${iteration + 1}`;
  // These say themselves why.
  if (about.kind === "gate" || about.kind === "sent-back") return `${run}: ${told}`;
  return `${run}, back from ${back.stage} (${cut(back.reasons.join("; "), MAX_WHY)}): ${told}`;
}
