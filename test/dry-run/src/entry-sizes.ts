import type { Evidence } from "./gather-evidence.ts";

/** How much the journal's entries take, in bytes. */
export interface EntrySizes {
  readonly count: number;
  readonly mean: number;
  readonly largest: number;
}

/**
 * What an entry may take on average: every handoff is read by four processes and stored for ever, and an entry says nothing that an
 * earlier one of its candidate said.
 */
const MOST_ON_AVERAGE = 2048;
/** The largest are those of a gate that failed: its reasons stand in the evidence and in the feedback. */
const MOST = 6144;

/** Sizes over all candidates. */
export function entrySizesOf(evidence: Iterable<Pick<Evidence, "entries">>): EntrySizes {
  const sizes = Array.from(evidence).flatMap(({ entries }) =>
    entries.map(({ entry }) => Buffer.byteLength(JSON.stringify(entry))),
  );
  const count = sizes.length;
  const mean = Math.round(sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, count));
  return { count, mean, largest: Math.max(0, ...sizes) };
}

/** What is too large, in words. */
export function sizeFaults({ mean, largest }: EntrySizes): string[] {
  return [
    ...(mean > MOST_ON_AVERAGE
      ? [`journal entries take ${mean} bytes on average, at most ${MOST_ON_AVERAGE} are right`]
      : []),
    ...(largest > MOST
      ? [`the largest journal entry takes ${largest} bytes, at most ${MOST} are right`]
      : []),
  ];
}
