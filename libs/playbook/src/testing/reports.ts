/** Reports as lanes would send them, and what a coordinator would verify about them. */
import type {
  ArtifactRef,
  AttemptReport,
  EvidenceRecord,
  Failure,
  FailureClass,
  Lane,
  ResultReport,
  StoredEntry,
  Verdict,
  WorkDone,
} from "@baton/contracts";
import { deduplicationId } from "@baton/contracts";

import type { StageRule } from "../format/playbook.ts";
import { digestOf } from "../identify.ts";

/** What is unusual about a result. */
export interface Result {
  readonly verdict?: Verdict;
  readonly failure?: FailureClass | Failure;
  readonly artifacts?: readonly ArtifactRef[];
  readonly lane?: Lane;
  readonly answers?: number;
  readonly attempt?: number;
  readonly summary?: string;
  readonly work?: WorkDone;
}

/** What is unusual about the evidence. */
export interface Evidence {
  readonly gate?: Verdict | null;
  readonly gateSha?: string;
  readonly reasons?: readonly string[];
  /** State of the artifacts named here; every other one is present. */
  readonly found?: Readonly<Record<string, "missing" | "altered">>;
  /** Where an artifact contradicts the dispatch, by its name. */
  readonly contradictions?: Readonly<Record<string, string>>;
  readonly nothing?: true;
}

export function failureOf(kind: FailureClass): Failure {
  return { class: kind, code: "E_TEST", message: `a ${kind} failure`, action: "Look at it." };
}

export function artifactOf(of: StoredEntry, name: string): ArtifactRef {
  const { stage, runId } = of.entry;
  return { name, sha256: digestOf(`${name} of ${stage} of ${runId}`), bytes: 3, stage, runId };
}

/** The artifacts the playbook asks for, or one if it asks for none. */
export function artifactsFor(of: StoredEntry, rule: StageRule): ArtifactRef[] {
  const names = new Set([...rule.artifacts, ...(rule.gate === null ? [] : [rule.gate])]);
  if (names.size === 0) names.add(`work/${rule.stage}.json`);
  return [...names].map((name) => artifactOf(of, name));
}

function commonOf(of: StoredEntry, rule: StageRule, result: Result) {
  const { candidateId, stage, runId, time, trace } = of.entry;
  return {
    candidateId,
    stage,
    runId,
    time,
    trace,
    lane: result.lane ?? rule.lane,
    answers: result.answers ?? of.sequence,
    attempt: result.attempt ?? 1,
    startedAt: time,
    handoff: null,
    ...(result.work && { work: result.work }),
  };
}

export function resultFor(of: StoredEntry, rule: StageRule, result: Result = {}): ResultReport {
  const { failure, verdict = "pass", summary = `${rule.stage} is done` } = result;
  const artifacts = [...(result.artifacts ?? artifactsFor(of, rule))];
  return {
    v: 1,
    id: deduplicationId(of.entry),
    ...commonOf(of, rule, result),
    type: "result",
    outcome:
      failure === undefined
        ? { kind: "done", verdict, summary, artifacts }
        : { kind: "failed", failure: typeof failure === "string" ? failureOf(failure) : failure },
  };
}

export function attemptFor(
  of: StoredEntry,
  rule: StageRule,
  attempt: {
    class?: FailureClass;
    attempt?: number;
    lane?: Lane;
    waits?: boolean;
    work?: WorkDone;
  } = {},
): AttemptReport {
  const { class: kind = "transient", waits = false, ...result } = attempt;
  const failure = failureOf(kind);
  return {
    v: 1,
    id: `${deduplicationId(of.entry)}.attempt-${result.attempt ?? 1}`,
    ...commonOf(of, rule, result),
    type: "attempt",
    failure: waits ? { ...failure, code: "E_GIT_UNAVAILABLE" } : failure,
    retryAt: of.entry.time,
    ...(waits && { waits }),
  };
}

/** What the coordinator finds: everything present and the gate as reported, unless said otherwise. */
export function evidenceFor(
  report: ResultReport,
  rule: StageRule,
  evidence: Evidence = {},
): EvidenceRecord | null {
  const { outcome } = report;
  if (evidence.nothing || outcome.kind === "failed" || outcome.artifacts.length === 0) return null;
  const found = new Map(Object.entries(evidence.found ?? {}));
  const artifacts = Object.fromEntries(
    outcome.artifacts.map(({ name }) => [name, found.get(name) ?? ("present" as const)]),
  );
  const gate = outcome.artifacts.find(({ name }) => name === rule.gate);
  const { contradictions } = evidence;
  const record = contradictions ? { artifacts, contradictions } : { artifacts };
  if (!gate || evidence.gate === null) return { ...record, gate: null };
  const verdict = evidence.gate ?? outcome.verdict;
  const reasons = [...(evidence.reasons ?? [])];
  return { ...record, gate: { sha256: evidence.gateSha ?? gate.sha256, verdict, reasons } };
}
