/** Random histories of a few candidates, told as JOURNAL would: numbered entries, and messages that nobody can read. */
import type { Entry, StoredEntry } from "@baton/contracts";
import { sampleEntry } from "@baton/testkit";
import * as fc from "fast-check";

import { type JournalMessage, messageOf } from "../fold.ts";

const FAILURE = { class: "transient", code: "E_GIT_UNAVAILABLE", message: "away", action: "wait" };
const KEPT_AT = "2026-01-05T11:00:00.000000Z";
const INCIDENT = { id: "incident-1", class: "B", ticket: null, before: ["incident-0"] };
const at = (seconds: number): string => new Date(1_767_600_000_000 + seconds * 1000).toISOString();

const holders = fc.constantFrom(
  "lane-a",
  "lane-b",
  "lane-of-tomorrow",
  "review",
  "review",
  "closed",
);
const causes = fc.oneof(
  fc.constant({ kind: "deadline" }),
  fc.constant({ kind: "no-workers", lane: "lane-a", since: at(0) }),
  fc.constant({ kind: "service-away", lane: "lane-b", waiting: 2 }),
  fc.nat(50).map((sequence) => ({
    kind: "report",
    sequence: sequence + 1,
    attempt: 1 + (sequence % 3),
    storedAt: KEPT_AT,
    from: "research-intake",
  })),
);

const changes = fc.record({
  holder: holders,
  cause: causes,
  stage: fc.constantFrom("research-intake", "candidate-build", "a-stage-of-tomorrow"),
  reason: fc.constantFrom("STAGE_PASSED", "RETRY_BACKOFF", "KILL_SWITCH", "OF_TOMORROW"),
  awaits: fc.option(fc.nat(20)),
  deadline: fc.option(fc.nat(1000).map(at)),
  time: fc.nat(1000).map(at),
  failure: fc.constantFrom(null, FAILURE),
  visited: fc.subarray(["research-intake", "candidate-build"]),
});
/** Keys that are absent from most entries. */
const rare = fc.record(
  {
    promoted: fc.boolean(),
    incident: fc.constantFrom(null, INCIDENT),
    controls: fc.integer({ min: 1, max: 9 }),
  },
  { requiredKeys: [] },
);

interface UnreadableTelling {
  readonly kind: "unreadable";
  readonly of: number;
  readonly fenced: boolean;
}

type Telling =
  | { readonly kind: "entry"; readonly of: number; readonly changes: object }
  | UnreadableTelling
  | { readonly kind: "foreign" };

const tellings: fc.Arbitrary<Telling> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.nat(4), changes, rare)
      .map(([of, some, more]) => ({ kind: "entry" as const, of, changes: { ...some, ...more } })),
  },
  fc.record({ kind: fc.constant("unreadable" as const), of: fc.nat(4), fenced: fc.boolean() }),
  fc.constant({ kind: "foreign" as const }),
);

/** Messages in order. */
export const histories: fc.Arbitrary<JournalMessage[]> = fc
  .array(tellings, { maxLength: 40 })
  .map((all) => {
    const counts = new Map<number, number>();
    return all.map((telling, index) => {
      const sequence = 2 * index + 1;
      if (telling.kind === "foreign") return foreign(sequence);
      const { of } = telling;
      const n = (counts.get(of) ?? 0) + 1;
      const candidateId = `cand-number-${of}`;
      if (telling.kind === "unreadable") {
        const message = messageOf({ sequence, entry: sampleEntry({ candidateId, n }) });
        return { ...message, fenced: telling.fenced, entry: undefined };
      }
      counts.set(of, n);
      return messageOf(stored(sequence, { candidateId, n, ...telling.changes }));
    });
  });

function stored(sequence: number, some: Partial<Record<keyof Entry, unknown>>): StoredEntry {
  return { sequence, entry: sampleEntry(some) };
}

function foreign(sequence: number): JournalMessage {
  const subject = "baton.journal.nobody";
  return { sequence, storedMs: 0, subject, at: undefined, fenced: true, entry: undefined };
}
