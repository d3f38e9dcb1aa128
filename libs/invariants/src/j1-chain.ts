import { basisOf } from "./chain-basis.ts";
import { finding, type Finding, type Violation } from "./finding.ts";
import { chainsOf, type JournalEntry, type MeshRecord } from "./record.ts";

/**
 * J1: a candidate's journal is a chain without a gap, so at any time exactly one entry says who holds the baton. Each entry names the
 * bytes of the one before and of those that it rests on: none of them was changed since.
 */
export function checkChain({ entries, foreign }: MeshRecord): Finding {
  const violations: Violation[] = [...foreign];
  for (const chain of chainsOf(entries).values()) {
    chain.forEach((entry, index) => violations.push(...faultsOf(entry, chain.slice(0, index))));
  }
  const title = "a candidate's journal is a chain; at most one holder at any time";
  return finding({ id: "J1", title, checked: entries.length, unit: "entries", violations });
}

function faultsOf(entry: JournalEntry, chain: readonly JournalEntry[]): Violation[] {
  const before = chain.at(-1);
  const where = `JOURNAL ${entry.sequence} (${entry.candidateId})`;
  const faults: Violation[] = [];
  const prev = before?.sequence ?? 0;
  if (entry.prev !== prev)
    faults.push({ where, what: `names ${entry.prev} as the entry before it, but that is ${prev}` });
  else if (entry.prevSha256 !== (before?.sha256 ?? null))
    faults.push({ where, what: `was decided on another content of the entry before it, ${prev}` });
  for (const what of basisOf(entry, chain).faults) faults.push({ where, what });
  const n = (before?.n ?? 0) + 1;
  if (entry.n !== n) faults.push({ where, what: `has number ${entry.n}, expected ${n}` });
  const { holder, candidateId, stage, runId } = entry;
  const subject = `baton.journal.${holder}.${candidateId}.${stage}.${runId}`;
  if (entry.subject !== subject)
    faults.push({ where, what: `is stored under ${entry.subject}, but it is about ${subject}` });
  // What people open an incident on may be closed: what it promoted may still run.
  if (before?.holder === "closed" && entry.cause.kind !== "incident")
    faults.push({ where, what: `follows ${before.sequence}, which closed the candidate` });
  return faults;
}
