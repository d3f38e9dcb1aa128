import type { WholeEntry, EvidenceRecord, ResultReport, StoredWhole } from "@baton/contracts";

import { conclude } from "./conclude.ts";
import type { Step } from "./successor.ts";

/** Goes on from a result that was kept during a hold or a stop, as if it came now. */
export function releaseKept(
  step: Step,
  report: ResultReport,
  evidence: EvidenceRecord | null,
): WholeEntry {
  const entry: WholeEntry = { ...step.last.entry, hold: null, review: null };
  const last: StoredWhole = { ...step.last, entry };
  return conclude({ ...step, last }, report, evidence);
}
