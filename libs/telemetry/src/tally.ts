import type { Meter } from "@opentelemetry/api";

/** Counts by labels. */
export interface Tally<L extends string> {
  add(labels: Readonly<Record<L, string>>): void;
}

/**
 * A counter for what is counted thousands of times a second: a map's look-up each time, where the SDK's counters sort and
 * serialise the labels. They're handed to the SDK when somebody reads. Labels must be of a closed set: each combination stays.
 */
export function createTally<L extends string>(
  meter: Meter,
  name: string,
  about: { readonly description: string; readonly labels: readonly L[] },
): Tally<L> {
  const counts = new Map<string, { readonly labels: Readonly<Record<L, string>>; count: number }>();
  meter.createObservableCounter(name, { description: about.description }).addCallback((result) => {
    for (const { labels, count } of counts.values()) result.observe(count, labels);
  });
  return {
    add: (labels) => {
      let key = "";
      for (const label of about.labels) key += `${labels[label]}\n`;
      const known = counts.get(key);
      if (known) known.count += 1;
      else counts.set(key, { labels: { ...labels }, count: 1 });
    },
  };
}
