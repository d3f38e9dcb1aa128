import { finding, type Finding, type Violation } from "./finding.ts";
import { chainsOf, isDispatch, type MeshRecord, type Report, stageRunOf } from "./record.ts";

/** J6: only transient failures are retried, and at most as often as the policy says. */
export function checkRetries(record: MeshRecord): Finding {
  const violations: Violation[] = [];
  const allowed = new Map(
    record.entries.filter(isDispatch).map((entry) => [entry.sequence, entry.maxRetries ?? 0]),
  );
  const byStageRun = Map.groupBy(record.reports, stageRunOf);
  for (const [where, reports] of byStageRun) {
    for (const what of faultsOf(reports, allowed)) violations.push({ where, what });
  }
  violations.push(...againWithoutPerson(record));
  const title = "only transient failures are retried, at most as often as the policy says";
  return finding({ id: "J6", title, checked: record.reports.length, unit: "reports", violations });
}

function faultsOf(reports: readonly Report[], allowed: ReadonlyMap<number, number>): string[] {
  const faults: string[] = [];
  const failed = reports.filter(({ type }) => type === "attempt");
  const retried = failed.filter(({ waits }) => !waits);
  for (const { attempt, failureClass } of failed) {
    if (failureClass !== "transient")
      faults.push(`attempt ${attempt} failed as ${failureClass} and was to be retried`);
  }
  const limit = allowed.get(reports[0]?.answers ?? 0);
  if (limit === undefined) faults.push("is reported on, but was never dispatched");
  else if (retried.length > limit)
    faults.push(`was retried ${retried.length} times; the policy allows ${limit}`);
  const result = reports.find(({ type }) => type === "result");
  if (result && result.failureClass !== null && result.failureClass !== "transient") {
    const later = reports.find((one) => one !== result && one.attempt > result.attempt);
    if (later) faults.push(`failed as ${result.failureClass} and was attempted again`);
  }
  return faults;
}

/** After a failure that no retry mends, only a person hands the candidate to a lane again. */
function againWithoutPerson({ entries }: MeshRecord): Violation[] {
  const faults: Violation[] = [];
  for (const chain of chainsOf(entries).values()) {
    for (const [index, entry] of chain.entries()) {
      const before = chain[index - 1];
      const final = before?.failureClass !== null && before?.failureClass !== "transient";
      const byPeople = ["command", "incident"].includes(entry.cause.kind);
      if (before && final && isDispatch(entry) && !byPeople) {
        const where = `JOURNAL ${entry.sequence} (${entry.candidateId})`;
        const what = `goes on after a ${before.failureClass} failure, caused by a ${entry.cause.kind}`;
        faults.push({ where, what });
      }
    }
  }
  return faults;
}
