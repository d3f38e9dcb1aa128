/** Decides a candidate's journal again through the core and compares byte for byte (J10). */
import type { CandidateRecord, RecordedEntry } from "@baton/client";
import {
  type Brought,
  broughtBy,
  earlierOf,
  type Entry,
  journalSubject,
  type StoredWhole,
  type WholeEntry,
  wholeOf,
  wireOf,
} from "@baton/contracts";
import type { People } from "@baton/people";
import { decide, type Decision, questionOf, type ReplaySources } from "@baton/playbook";

import { jsonPath } from "./json-source.ts";
import { openSignatures, type SignaturesCounted } from "./signatures.ts";

/** The first thing that a replay didn't come to. */
interface Difference {
  /** Place of the entry in the journal's order, from 1, and the sequence it is stored under. */
  readonly n: number;
  readonly sequence: number;
  /** One sentence. */
  readonly what: string;
  /** Where in the entry; null if it isn't about one value. */
  readonly path: string | null;
  /** What is stored there, and what the replay decided, as JSON; null if absent. */
  readonly journal: string | null;
  readonly replay: string | null;
}

/** What a replay came to. */
export interface Replayed {
  readonly candidateId: string;
  readonly entries: number;
  /** Entries that were decided alike, up to the first difference. */
  readonly same: number;
  readonly difference: Difference | null;
  readonly signatures: SignaturesCounted;
  /** What nothing is decided by, but isn't as recorded: when a report was stored. A copied store shows it. */
  readonly notes: readonly string[];
}

/**
 * Replays a record up to its first difference; what people are said to have asked for, of the candidate and of the mesh's
 * controls that it was decided under, is held against what they signed, with `people` also against who they are.
 */
export function replayRecord(record: CandidateRecord, people?: People): Replayed {
  const { candidateId, entries, sources } = record;
  const notes: string[] = [];
  const signatures = openSignatures(record, people);
  const result = (same: number, difference: Difference | null): Replayed => {
    return {
      candidateId,
      entries: entries.length,
      same,
      difference,
      signatures: signatures.counted(),
      notes: notes.slice(0, 20),
    };
  };
  let last: StoredWhole | undefined;
  const brought: Brought[] = [];
  for (const [index, recorded] of entries.entries()) {
    const { sequence, sha256 } = recorded;
    const entry = wholeIn(recorded, brought);
    const found =
      typeof entry === "string" ? only(entry) : compare(last, { ...recorded, entry }, sources);
    if (found) return result(index, { n: index + 1, sequence, ...found });
    if (typeof entry === "string") continue;
    const unproven = signatures.faultOf(entry);
    if (unproven !== undefined)
      return result(index, { n: index + 1, sequence, ...only(unproven), path: "$.cause" });
    notes.push(...timeNotes(entry, sequence, sources));
    brought.push(broughtBy({ sequence, sha256, entry }));
    last = { sequence, sha256, entry, earlier: earlierOf(entry.basis, last) };
  }
  return result(entries.length, null);
}

type Found = Omit<Difference, "n" | "sequence">;

/** The entry with all that it rests on; in words why it can't be told, or why it is no entry. */
function wholeIn({ entry }: RecordedEntry, brought: readonly Brought[]): WholeEntry | string {
  return typeof entry === "string" ? entry : decided(() => wholeOf(entry, brought));
}

function compare(
  last: StoredWhole | undefined,
  recorded: Pick<RecordedEntry, "text" | "subject"> & { readonly entry: WholeEntry },
  sources: ReplaySources,
): Found | undefined {
  const { entry, text, subject } = recorded;
  const question = questionOf(last, entry, sources);
  if (typeof question === "string") return only(`can't be decided again: ${question}`);
  const decision = decided(() => decide(withRecordedTime(question, entry)));
  if (typeof decision === "string") return only(`deciding it again failed: ${decision}`);
  if (decision.kind !== "append") return only(`the replay decides otherwise: ${inWords(decision)}`);
  const again = JSON.stringify(wireOf(decision.entry));
  if (again !== text) {
    const at = firstDifference(JSON.parse(text), JSON.parse(again), []);
    return at ?? only("the same values, written in other bytes");
  }
  const address = journalSubject(decision.entry);
  if (address === subject) return undefined;
  return {
    what: "it was stored under another subject than its own",
    path: null,
    journal: JSON.stringify(subject),
    replay: JSON.stringify(address),
  };
}

type Asked = Exclude<ReturnType<typeof questionOf>, string>;

/** When a report was stored is told by the entry, as the evidence is: a copied store has other times. */
function withRecordedTime(question: Asked, { cause }: Entry): Asked {
  const { happening } = question;
  if (happening.kind !== "report" || cause.kind !== "report") return question;
  return { ...question, happening: { ...happening, storedAt: cause.storedAt } };
}

const MAX_APART_US = 10;

function timeNotes({ cause }: Entry, sequence: number, sources: ReplaySources): string[] {
  if (cause.kind !== "report") return [];
  const stored = sources.report(cause.sequence);
  // Both were made of numbers that hold a time to about a microsecond.
  if (!stored || Math.abs(micros(stored.storedAt) - micros(cause.storedAt)) <= MAX_APART_US)
    return [];
  return [
    `JOURNAL ${sequence}: report ${cause.sequence} was stored at ${stored.storedAt}, the entry says ${cause.storedAt}`,
  ];
}

function micros(time: string): number {
  return Date.parse(`${time.slice(0, 23)}Z`) * 1000 + Number(time.slice(23, 26));
}

function decided<T>(decideAgain: () => T): T | string {
  try {
    return decideAgain();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function inWords(decision: Exclude<Decision, { kind: "append" }>): string {
  return decision.kind === "ignore"
    ? `nothing follows (${decision.why})`
    : `refused, ${decision.code}: ${decision.message}`;
}

function only(what: string): Found {
  return { what, path: null, journal: null, replay: null };
}

function firstDifference(
  journal: unknown,
  replay: unknown,
  path: readonly (string | number)[],
): Found | undefined {
  if (isNode(journal) && isNode(replay) && Array.isArray(journal) === Array.isArray(replay)) {
    const keys = new Set([...Object.keys(replay), ...Object.keys(journal)]);
    for (const key of keys) {
      const at = Array.isArray(journal) ? Number(key) : key;
      const found = firstDifference(own(journal, key), own(replay, key), [...path, at]);
      if (found) return found;
    }
    return undefined;
  }
  if (journal === replay) return undefined;
  const at = jsonPath(path);
  return {
    what: `${at} differs`,
    path: at,
    journal: JSON.stringify(journal) ?? null,
    replay: JSON.stringify(replay) ?? null,
  };
}

function isNode(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function own(value: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
