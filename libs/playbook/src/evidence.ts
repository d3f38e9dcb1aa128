/** What the coordinator has to verify before a happening can be decided. */
import {
  type ArtifactRef,
  awaitedDispatch,
  type ResultReport,
  type StoredEntry,
} from "@baton/contracts";

import type { Happening } from "./decision.ts";
import type { Playbook } from "./playbook.ts";

/** Artifacts to look for, and the one to read the verdict from. */
export interface EvidenceRequest {
  readonly artifacts: readonly ArtifactRef[];
  /** The stage's gate report; it must name this stage run. */
  readonly gate: ArtifactRef | null;
  readonly report: ResultReport;
}

/** The evidence needed, or null if there is nothing to verify: then nothing is fetched. */
export function evidenceNeeded(
  last: StoredEntry | undefined,
  happening: Happening,
  playbook: Playbook,
): EvidenceRequest | null {
  const report = resultIn(last, happening);
  if (!last || !report || report.outcome.kind !== "done") return null;
  const { artifacts } = report.outcome;
  const name = playbook.stages.get(report.stage)?.gate ?? null;
  const gate =
    name === null ? null : (artifacts.find((artifact) => artifact.name === name) ?? null);
  return artifacts.length === 0 ? null : { artifacts, gate, report };
}

function resultIn(last: StoredEntry | undefined, happening: Happening): ResultReport | undefined {
  if (!last) return undefined;
  if (happening.kind === "report") {
    const { report } = happening;
    if (report.type !== "result" || awaitedDispatch(last) !== report.answers) return undefined;
    return last.entry.hold ? undefined : report;
  }
  if (happening.kind === "command" && happening.command.type === "resume")
    return last.entry.kept?.report;
  return undefined;
}
