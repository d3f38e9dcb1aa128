import { finding, type Finding, type Violation } from "./finding.ts";
import { chainsOf, type JournalEntry, type MeshRecord } from "./record.ts";

/** J5: what was accepted ends closed, or in review with a reason, answers and a deadline; nothing is silently stuck. */
export function checkSettled(record: MeshRecord): Finding {
  const violations: Violation[] = [];
  const chains = chainsOf(record.entries);
  for (const [where, chain] of chains) {
    const last = chain.at(-1);
    if (!last) continue;
    violations.push(...faultsOf(last, record.settled).map((what) => ({ where, what })));
  }
  for (const { candidateId } of record.receipts) {
    if (!chains.has(candidateId))
      violations.push({
        where: candidateId,
        what: "was accepted, but the journal doesn't know it",
      });
  }
  const title = "everything accepted ends closed or in review with a reason";
  return finding({ id: "J5", title, checked: chains.size, unit: "candidates", violations });
}

function faultsOf(last: JournalEntry, settled: boolean): string[] {
  const faults: string[] = [];
  if (!/^[A-Z][A-Z_]+$/.test(last.reason) || last.about === "")
    faults.push(`stands at ${last.stage} without a reason`);
  if (last.holder === "closed") return faults;
  if (last.deadline === null) faults.push(`waits at ${last.holder} without a deadline`);
  if (last.holder === "review") {
    if (last.answers === 0)
      faults.push(`waits for a person (${last.reason}) without an answer that it takes`);
  } else if (settled) {
    faults.push(`still moves: ${last.holder} has it at ${last.stage} (${last.reason})`);
  }
  return faults;
}
