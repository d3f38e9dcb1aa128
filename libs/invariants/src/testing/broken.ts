import { checkInvariants } from "../check-invariants.ts";
import { recordOf, type Story, tellStory } from "./story.ts";

/** The ids of the invariants that don't hold, with the first violation of each. */
export function broken(story: Story): Record<string, string> {
  return Object.fromEntries(
    checkInvariants(recordOf(story))
      .filter(({ ok }) => !ok)
      .map(({ id, violations }) => [id, `${violations[0]?.where}: ${violations[0]?.what}`]),
  );
}

/** The story with one entry changed. */
export function withEntry(sequence: number, changes: Record<string, unknown>): Story {
  const story = tellStory();
  Object.assign(story.entries[sequence - 1] ?? {}, changes);
  return story;
}

/** The story, changed. */
export function told(change: (story: Story) => void): Story {
  const story = tellStory();
  change(story);
  return story;
}
