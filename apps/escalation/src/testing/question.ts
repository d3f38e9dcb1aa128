/** Journal entries as a coordinator writes them, cut to what escalation looks at. */
import type { Entry, StoredEntry, WholeEntry } from "@baton/contracts";
import { sampleEntry } from "@baton/testkit";

/** When every test's story begins. */
export const START_MS = Date.parse("2026-03-01T09:00:00.000Z");

/** An instant so many milliseconds after the start. */
export function at(ms: number): string {
  return new Date(START_MS + ms).toISOString();
}

type Changes = Partial<Omit<Entry, "evidence">>;
type Asked = StoredEntry & { readonly entry: WholeEntry };

/** An entry that asks a person. */
export function question(sequence: number, changes: Changes = {}): Asked {
  const entry = sampleEntry({
    candidateId: "cand-0001",
    n: 2,
    stage: "live-ramp",
    runId: "run-0001",
    time: at(0),
    prev: 1,
    holder: "review",
    reason: "APPROVAL_REQUIRED",
    about: { kind: "passed", stage: "shadow-paper", summary: "fine" },
    awaits: null,
    deadline: at(10_000),
    review: { openedAt: at(0), next: "live-ramp", evidence: null },
  });
  return { sequence, entry: { ...entry, ...changes } };
}

/** An entry that hands the baton back to a lane. */
export function answer(sequence: number, changes: Changes = {}): Asked {
  const cause = {
    kind: "command",
    commandId: "cmd-0001",
    type: "approve",
    by: "a person",
    why: null,
  } as const;
  return question(sequence, {
    holder: "lane-e",
    reason: "APPROVED",
    review: null,
    cause,
    ...changes,
  });
}
