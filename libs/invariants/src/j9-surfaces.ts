import { finding, type Finding, type Violation } from "./finding.ts";
import {
  type Change,
  isDispatch,
  type JournalEntry,
  type MeshRecord,
  type Report,
} from "./record.ts";

/** J9, as far as it shows in what is stored: reports come from the lane that had the work, commits change what is theirs. */
export function checkSurfaces({ entries, reports, changes }: MeshRecord): Finding {
  const dispatches = new Map(
    entries.filter(isDispatch).map((entry) => [entry.sequence, entry] as const),
  );
  const candidates = new Map(entries.map(({ runId, candidateId }) => [runId, candidateId]));
  const violations = [
    ...reports.flatMap((report) => faultsOfReport(report, dispatches.get(report.answers))),
    ...changes.flatMap((change) => faultsOfChange(change, candidates)),
  ];
  const title = "a lane reports on its own work only and changes only its own surfaces";
  const checked = reports.length + changes.length;
  return finding({ id: "J9", title, checked, unit: "traces", violations });
}

function faultsOfReport(report: Report, dispatch: JournalEntry | undefined): Violation[] {
  const { sequence, lane, candidateId, stage, runId, type, attempt } = report;
  const where = `REPORTS ${sequence} (${candidateId})`;
  const faults: Violation[] = [];
  const part = type === "result" ? "result" : `attempt-${attempt}`;
  const subject = `baton.report.${lane}.${candidateId}.${stage}.${runId}.${part}`;
  if (report.subject !== subject)
    faults.push({ where, what: `is stored under ${report.subject}, but it is about ${subject}` });
  if (!dispatch)
    faults.push({ where, what: `answers ${report.answers}, which handed nobody any work` });
  else if (dispatch.holder !== lane)
    faults.push({ where, what: `is from ${lane}, but ${dispatch.holder} had the work` });
  return faults;
}

function faultsOfChange(
  { remote, commit, by, paths }: Change,
  candidates: ReadonlyMap<string, string>,
): Violation[] {
  const where = `${commit} in ${remote}`;
  if (by === undefined)
    return [{ where, what: `changed ${paths.join(", ") || "nothing"} and says for nobody` }];
  const own = ownPaths(by, candidates);
  return paths
    .filter((path) => !own.some((pattern) => pattern.test(path)))
    .map((path) => ({ where, what: `changed ${path}, which isn't ${by.name}'s to change` }));
}

/** A fence's: nothing. A stage run's: its candidate's file, and in a drill files of its own. A build's branch: its candidate's folder. */
function ownPaths(
  by: NonNullable<Change["by"]>,
  candidates: ReadonlyMap<string, string>,
): readonly RegExp[] {
  if (by.kind === "branch") {
    const runId = /run-[0-9a-f]+$/.exec(by.name)?.[0] ?? "";
    const candidateId = candidates.get(runId);
    return candidateId === undefined ? [] : [new RegExp(`^strategies/${candidateId}/[^/]+$`)];
  }
  if (by.kind === "fence") return [];
  const [candidateId = "", stage] = by.name.split(".");
  const file = new RegExp(`^strategies/${candidateId}\\.yaml$`);
  return stage === "rollback-readiness" ? [file, /^strategies\/drill-[^/]+\.yaml$/] : [file];
}
