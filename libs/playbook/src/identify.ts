/** Deterministic ids: the same input gives the same id everywhere and for ever. */
import { canonicalJson, type CandidateId, type RunId, type Traceparent } from "@baton/contracts";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** SHA-256 of a text's UTF-8 bytes, lower-case hex. */
export function digestOf(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** `cand-` and 12 hex digits of SHA-256 over the canonical specification (RFC 8785). */
export function candidateIdOf(spec: unknown): CandidateId {
  return `cand-${digestOf(canonicalJson(spec)).slice(0, 12)}`;
}

/** `run-` and 12 hex digits of SHA-256 over candidate, playbook digest and iteration number. */
export function runIdOf(candidateId: CandidateId, playbook: string, iteration: number): RunId {
  return `run-${digestOf(`${candidateId}.${playbook}.${iteration}`).slice(0, 12)}`;
}

/** Root trace context of a run, derived from its ids, so that a replay gives the same one. */
export function traceOf(candidateId: CandidateId, runId: RunId, sampled: boolean): Traceparent {
  const hex = digestOf(`trace.${candidateId}.${runId}`);
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-${sampled ? "01" : "00"}`;
}

/** Id of a span of a run: the same wherever and however often it is made. `what` tells those of one entry apart. */
export function spanIdOf(runId: RunId, sequence: number, what: string): string {
  return digestOf(`span.${runId}.${sequence}.${what}`).slice(0, 16);
}

/** Id of the span of an attempt, from the sequence of its dispatch and its delivery: a lane knows it when it begins. */
export function attemptSpanIdOf(runId: RunId, dispatch: number, attempt: number): string {
  return spanIdOf(runId, dispatch, `attempt.${attempt}`);
}

/** What the names of a run's drill strategies begin with: no candidate's own does, and only this run's drills do. */
export function drillPrefixOf(runId: RunId): string {
  return `drill-${digestOf(runId).slice(0, 10)}-`;
}
