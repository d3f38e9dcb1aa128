/**
 * Would a candidate have gone another way under another playbook? Its journal is decided again under that one, each time on
 * what really happened next, until the first entry that comes out otherwise; what would have followed then, nobody knows.
 */
import type { CandidateRecord } from "@baton/client";
import {
  type Brought,
  broughtBy,
  earlierOf,
  type EvidenceRecord,
  type StoredWhole,
  type WholeEntry,
  wholeOf,
} from "@baton/contracts";
import {
  decide,
  evidenceNeeded,
  type EvidenceRequest,
  instantMs,
  type Playbook,
  type Question,
  questionOf,
} from "@baton/playbook";
import { particularsOf } from "@baton/views";

/** Where the ways part. */
export interface Parting {
  /** Place of the entry in the journal's order, from 1. */
  readonly n: number;
  readonly sequence: number;
  readonly stage: string;
  readonly was: string;
  readonly would: string;
}

/** Fetches what the other playbook wants verified and the recorded evidence doesn't hold: another gate report. */
export type Gather = (request: EvidenceRequest) => Promise<EvidenceRecord>;

/** The first entry that would have been another; undefined if there is none. A string says why that can't be told. */
export async function findParting(
  record: CandidateRecord,
  next: Playbook,
  gather: Gather,
): Promise<Parting | string | undefined> {
  /** The chain as it would have been; up to the parting it differs in figures only. */
  let last: StoredWhole | undefined;
  const brought: Brought[] = [];
  for (const [index, { entry: stored, sequence, sha256 }] of record.entries.entries()) {
    if (typeof stored === "string") return stored;
    const entry = orWords(() => wholeOf(stored, brought));
    if (typeof entry === "string") return entry;
    brought.push(broughtBy({ sequence, sha256, entry }));
    const asked = questionOf(last, entry, record.sources);
    if (typeof asked === "string") return asked;
    // Run ids are made of the playbook's digest: with its own, no report would fit.
    const playbook = { ...next, digest: entry.playbook };
    const question = await underOther({ ...asked, playbook }, gather);
    const parting = compare(entry, question);
    if (typeof parting === "string")
      return { n: index + 1, sequence, stage: entry.stage, was: inWords(entry), would: parting };
    last = { sequence, sha256, entry: parting, earlier: earlierOf(parting.basis, last) };
  }
  return undefined;
}

async function underOther(question: Question, gather: Gather): Promise<Question> {
  const { last, happening, playbook, evidence } = question;
  const needed = evidenceNeeded(last, happening, playbook);
  if (!needed) return question;
  const recorded = evidence?.gate?.sha256 === needed.gate?.sha256;
  return recorded ? question : { ...question, evidence: await gather(needed) };
}

/** The entry as it would have been, or in words what would have happened instead. */
function compare(entry: WholeEntry, question: Question): WholeEntry | string {
  const { last, happening, now } = question;
  const deadline = last?.entry.holder === "review" ? null : (last?.entry.deadline ?? null);
  if (happening.kind !== "deadline" && deadline !== null && instantMs(deadline) < instantMs(now))
    return `${last?.entry.stage ?? ""} would have been overdue at ${deadline}`;
  const decision = orWords(() => decide(question));
  if (typeof decision === "string") return decision;
  switch (decision.kind) {
    case "ignore":
      return decision.why === "early"
        ? `still waiting until ${deadline ?? "?"}`
        : `nothing would follow (${decision.why})`;
    case "reject":
      return `${decision.code}: ${decision.message}`;
    case "append":
      return isSameWay(decision.entry, entry) ? decision.entry : inWords(decision.entry);
  }
}

function orWords<T>(ask: () => T): T | string {
  try {
    return ask();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function isSameWay(one: WholeEntry, other: WholeEntry): boolean {
  const { holder, stage, reason, runId, awaits } = one;
  return (
    holder === other.holder &&
    stage === other.stage &&
    reason === other.reason &&
    runId === other.runId &&
    awaits === other.awaits
  );
}

function inWords(entry: WholeEntry): string {
  return `${entry.reason}, ${entry.stage} with ${entry.holder}: ${particularsOf(entry)}`;
}
