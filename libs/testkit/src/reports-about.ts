/** What lanes reported, as REPORTS has it. */
import { reportFilter, type StoredReport, STREAMS } from "@baton/contracts";
import { type Mesh, parseReport } from "@baton/mesh";

/** Everything reported about a candidate, in order. */
export async function reportsAbout(
  { jsm }: Pick<Mesh, "jsm">,
  candidateId: string,
): Promise<StoredReport[]> {
  const reports: StoredReport[] = [];
  for (let from = 1; ;) {
    const next = { seq: from, next_by_subj: reportFilter(candidateId) };
    const message = await jsm.direct.getMessage(STREAMS.reports.name, next);
    if (!message) return reports;
    const report = parseReport(message.data);
    if (typeof report === "object")
      reports.push({ sequence: message.seq, storedAt: message.time.getTime(), report });
    from = message.seq + 1;
  }
}
