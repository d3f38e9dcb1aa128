/** What the coordinator has to verify before a happening can be decided, and what it makes of what it finds. */
import { GateReport, verdictOf } from "@baton/artifacts";
import {
  type ArtifactRef,
  awaitedDispatch,
  cut,
  type WholeEntry,
  type EvidenceRecord,
  type ResultReport,
  type StoredWhole,
} from "@baton/contracts";

import type { Playbook } from "../format/playbook.ts";
import { isStopped } from "../policies/stops.ts";
import type { Happening } from "./decision.ts";

/** Artifacts to look for, and the one to read the verdict from. */
export interface EvidenceRequest {
  readonly artifacts: readonly ArtifactRef[];
  /** The stage's gate report; it must name this stage run. */
  readonly gate: ArtifactRef | null;
  readonly report: ResultReport;
  /** What the artifacts are held against: the dispatch, with the artifacts that the run has if the result is taken. */
  readonly root: Pick<WholeEntry, "candidateId" | "runId" | "spec" | "artifacts" | "gatePolicy">;
}

/** The evidence needed, or null if there is nothing to verify: then nothing is fetched. */
export function evidenceNeeded(
  last: StoredWhole | undefined,
  happening: Happening,
  playbook: Playbook,
): EvidenceRequest | null {
  const report = resultIn(last, happening);
  return last && report ? evidenceFor(report, last.entry, playbook) : null;
}

/** The evidence needed to judge a stored result about `entry`, whether or not it is still awaited; null if it names no artifacts. */
export function evidenceFor(
  report: ResultReport,
  entry: WholeEntry,
  playbook: Playbook,
): EvidenceRequest | null {
  if (report.outcome.kind !== "done" || report.outcome.artifacts.length === 0) return null;
  const { artifacts } = report.outcome;
  const name = playbook.stages.get(report.stage)?.gate ?? null;
  const gate = artifacts.find((artifact) => artifact.name === name) ?? null;
  const { candidateId, runId, spec, gatePolicy } = entry;
  const all = withFresh(entry.artifacts, artifacts);
  const root = { candidateId, runId, spec, gatePolicy, artifacts: all };
  return { artifacts, gate, report, root };
}

/** The run's artifacts with `fresh` ones added; the same name made anew replaces the older one. */
export function withFresh(
  before: readonly ArtifactRef[],
  fresh: readonly ArtifactRef[],
): ArtifactRef[] {
  if (fresh.length === 0) return [...before];
  const names = new Set(fresh.map((artifact) => artifact.name));
  return [...before.filter((artifact) => !names.has(artifact.name)), ...fresh];
}

/**
 * The record of what was found: the state of each artifact, where one contradicts the dispatch, and the verdict of the gate report whose text is given if it is
 * one, of this stage run, and says what its gates say; otherwise no verdict (fails closed).
 */
export function evidenceRecord(
  { gate, report }: EvidenceRequest,
  found: {
    states: EvidenceRecord["artifacts"];
    contradictions: Readonly<Record<string, string>>;
    gateText: string | undefined;
  },
): EvidenceRecord {
  const { states, contradictions, gateText } = found;
  const read = gate && gateText !== undefined ? readGate(report, gate, gateText) : null;
  const record = { artifacts: states, gate: read };
  return Object.keys(contradictions).length === 0 ? record : { ...record, contradictions };
}

function readGate(of: ResultReport, { sha256 }: ArtifactRef, text: string): EvidenceRecord["gate"] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const report = GateReport.safeParse(value);
  if (!report.success) return null;
  const { candidateId, runId, stage, gates, verdict } = report.data;
  const bound = candidateId === of.candidateId && runId === of.runId && stage === of.stage;
  if (!bound || verdictOf(gates) !== verdict) return null;
  const reasons = gates
    .filter((one) => one.status === "fail" || one.status === "inconclusive")
    .flatMap((one) => one.reasons.map((reason) => cut(`${one.gateId}: ${reason}`, 300)))
    .slice(0, 50);
  return { sha256, verdict, reasons };
}

function resultIn(last: StoredWhole | undefined, happening: Happening): ResultReport | undefined {
  if (!last) return undefined;
  if (happening.kind === "report") {
    const { report } = happening;
    if (report.type !== "result" || awaitedDispatch(last) !== report.answers) return undefined;
    return last.entry.hold ? undefined : report;
  }
  if (happening.kind === "lifted")
    return isStopped(last.entry) ? last.entry.kept?.report : undefined;
  if (happening.kind === "command" && happening.command.type === "resume")
    return last.entry.kept?.report;
  return undefined;
}
