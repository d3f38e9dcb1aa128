/**
 * What a process met that only another release can act on: a newer one, or the older one that wrote it. It is told once, not for each delivery, and stands in the process's
 * health for as long as it comes again.
 */

/** What comes again comes within the longest pause of a hand-back and a while more, in milliseconds. */
const STILL_THERE_MS = 900_000;
/** Longest pause between two deliveries of a message that isn't acted on, in milliseconds. */
const LONGEST_PAUSE_MS = 60_000;

/** Kinds of messages, each with its code. */
const CODES = {
  entry: "E_ENTRY_NEWER",
  "older entry": "E_ENTRY_OLDER",
  report: "E_REPORT_NEWER",
  record: "E_RECORD_NEWER",
} as const;

/** What to do about them. */
const UPDATE = "It waits, and nothing is lost: update this service first (docs/upgrading.md)";
const ROLL_BACK =
  "It waits: no newer release reads it, so bring back the release that wrote it, or begin with a fresh data folder";

/** What was met. */
export interface Newer {
  /** Notes a message, `why` in words; true if nothing of its kind was known, so that somebody should be told. */
  note(kind: keyof typeof CODES, why: string): boolean;
  /** What waits for another release, and what to do; undefined if nothing does. */
  reason(): string | undefined;
}

/** Nothing was met yet. */
export function createNewer(now: () => number = Date.now): Newer {
  const met = new Map<keyof typeof CODES, { why: string; atMs: number }>();
  const current = () => [...met].filter(([, { atMs }]) => now() - atMs <= STILL_THERE_MS);
  return {
    note: (kind, why) => {
      const isFirst = !current().some(([known]) => known === kind);
      met.set(kind, { why, atMs: now() });
      return isFirst;
    },
    reason: () => {
      const said = (isOlder: boolean, action: string): string[] => {
        const of = current().filter(([kind]) => (kind === "older entry") === isOlder);
        const parts = of.map(([kind, { why }]) => `${CODES[kind]}: ${why}`);
        return parts.length === 0 ? [] : [`${parts.join("; ")}. ${action}`];
      };
      const all = [...said(false, UPDATE), ...said(true, ROLL_BACK)];
      return all.length === 0 ? undefined : all.join(". ");
    },
  };
}

/** How long a message waits that was delivered so often, from 1, and that this release can't act on; in milliseconds. */
export function handBackMs(deliveries: number): number {
  return Math.min(LONGEST_PAUSE_MS, 1000 * 2 ** Math.min(deliveries - 1, 10));
}
