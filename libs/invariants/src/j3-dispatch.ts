import { finding, type Finding, type Violation } from "./finding.ts";
import { chainsOf, isDispatch, type MeshRecord, stageRunOf, type SubmitReceipt } from "./record.ts";

/** J3: a stage run is dispatched at most once, ever; who submits the same again gets the original receipt. */
export function checkDispatch(record: MeshRecord): Finding {
  const violations: Violation[] = [];
  const dispatches = new Map<string, number>();
  for (const entry of record.entries.filter(isDispatch)) {
    const stageRun = stageRunOf(entry);
    const earlier = dispatches.get(stageRun);
    if (earlier === undefined) dispatches.set(stageRun, entry.sequence);
    else {
      const what = `is dispatched by JOURNAL ${earlier} and again by ${entry.sequence}`;
      violations.push({ where: stageRun, what });
    }
  }
  for (const [candidateId, chain] of chainsOf(record.entries)) {
    const accepted = chain.filter(({ reason }) => reason === "SUBMITTED").length;
    if (accepted !== 1) {
      const what = `was taken in ${accepted} times for ${countOf(record, candidateId)} submissions`;
      violations.push({ where: candidateId, what });
    }
  }
  violations.push(...receiptFaults(record));
  const title = "a stage run is dispatched at most once; a duplicate gets the original receipt";
  return finding({ id: "J3", title, checked: dispatches.size, unit: "stage runs", violations });
}

function countOf({ submissions }: MeshRecord, candidateId: string): number {
  return submissions.filter((one) => one === candidateId).length;
}

function receiptFaults({ receipts, entries }: MeshRecord): Violation[] {
  const faults: Violation[] = [];
  const firsts = new Map<string, SubmitReceipt>();
  for (const receipt of receipts) {
    const { candidateId } = receipt;
    const where = `receipt for ${candidateId}`;
    const entry = entries.find((one) => one.candidateId === candidateId && one.n === 1);
    if (entry?.sequence !== receipt.sequence || entry.runId !== receipt.runId)
      faults.push({ where, what: `names JOURNAL ${receipt.sequence}, not the first entry` });
    const first = firsts.get(candidateId);
    if (!first) {
      // It may say duplicate: then the very first answer was lost, and the submission was decided on twice.
      firsts.set(candidateId, receipt);
      continue;
    }
    if (!receipt.duplicate) faults.push({ where, what: "doesn't say duplicate to a second one" });
    const same =
      first.runId === receipt.runId &&
      first.stage === receipt.stage &&
      first.time === receipt.time &&
      first.sequence === receipt.sequence;
    if (!same) faults.push({ where, what: "differs from the original one" });
  }
  return faults;
}
