/**
 * J2: whoever moves to a stage was allowed to by the guard, on evidence. The evidence is looked at again here: the result
 * that is named, the artifacts' bytes in the store and what they say of the specification, the verdict inside the gate
 * report, what an approval is bound to; for a move to recovery by an incident that people opened, the mesh's controls.
 */
import { createHash } from "node:crypto";

import { basisOf, type ChainBasis } from "./chain-basis.ts";
import { finding, type Finding, type Violation } from "./finding.ts";
import { checkSpecification } from "./j2-specification.ts";
import { parseFields, WrongForm } from "./json-fields.ts";
import { readName } from "./read-name.ts";
import {
  chainsOf,
  isDispatch,
  type JournalEntry,
  type MeshRecord,
  type NamedArtifact,
  type Report,
} from "./record.ts";

/** Checks every move of every candidate. */
export function checkEvidence(record: MeshRecord): Finding {
  const violations: Violation[] = [];
  let checked = 0;
  const results = new Map(
    record.reports.filter(({ type }) => type === "result").map((one) => [one.sequence, one]),
  );
  for (const chain of chainsOf(record.entries).values()) {
    let result: Report | undefined;
    const submitted = JSON.stringify(chain[0]?.basis.spec);
    for (const [index, entry] of chain.entries()) {
      result = results.get(entry.cause.report ?? -1) ?? result;
      const before = chain[index - 1];
      const where = `JOURNAL ${entry.sequence} (${entry.candidateId}, ${entry.stage})`;
      const tell = (what: string): void => void violations.push({ where, what });
      const basis = basisOf(entry, chain.slice(0, index));
      if (JSON.stringify(basis.spec) !== submitted)
        tell("has another specification than was submitted");
      if (isDispatch(entry) || isEnd(entry)) {
        checked += 1;
        if (isDispatch(entry)) checkGuard(entry, before, tell);
        if (isDispatch(entry) && isEnded(entry) && entry.stage !== record.recovery)
          tell(`goes to ${entry.stage} although a person ended it`);
        if (before && byIncident(record, entry, before))
          checkIncident(record, { entry, basis, tell });
        else if (before && movesOn(entry, before))
          checkMove({ record, entry, before, result, basis, tell });
      }
      for (const artifact of entry.basis.made) checkArtifact(record, artifact, tell);
    }
  }
  const title = "every move was allowed by the guard on evidence that exists and says so";
  return finding({ id: "J2", title, checked, unit: "moves", violations });
}

type Tell = (what: string) => void;

/** An entry with what it rests on. */
interface Decided {
  readonly entry: JournalEntry;
  readonly basis: ChainBasis;
  readonly tell: Tell;
}

/** Closed because the last stage passed. */
function isEnd({ reason }: JournalEntry): boolean {
  return reason === "COMPLETED" || reason === "RECOVERED";
}

/** A repeated stage moves nowhere: a person asked for it. Nor does what a person sends back: it starts anew. */
function movesOn(entry: JournalEntry, before: JournalEntry): boolean {
  if (entry.cause.command === "send-back" || goesOn(entry, before)) return false;
  if (isEnded(entry)) return false;
  return isEnd(entry) || entry.stage !== before.stage || entry.cause.kind !== "command";
}

/** A stage that a stop met in its middle is run again when the stop is over: it moves nowhere. */
function goesOn(entry: JournalEntry, before: JournalEntry | undefined): boolean {
  if (entry.reason !== "RESUMED" || before === undefined) return false;
  return entry.stage === before.stage && entry.runId !== before.runId;
}

/** A person ended it, and recovery takes out first what it promoted. */
function isEnded({ cause: { command } }: JournalEntry): boolean {
  return command === "cancel" || command === "reject";
}

/** True if an incident that people opened led it to recovery, at once or after an approval of that. */
function byIncident({ recovery }: MeshRecord, entry: JournalEntry, before: JournalEntry): boolean {
  if (entry.cause.kind === "incident") return true;
  const enters = entry.stage === recovery && before.stage !== recovery;
  return enters && entry.incident !== null && entry.reason === "APPROVED";
}

/** The controls that it was decided under have the incident open, and it concerns the candidate. */
function checkIncident({ controls, recovery }: MeshRecord, on: Decided): void {
  const { entry, tell } = on;
  const { incident, candidateId } = entry;
  if (entry.stage !== recovery) tell(`goes to ${entry.stage} by an incident, not to ${recovery}`);
  if (entry.cause.incident !== undefined && entry.cause.incident !== incident)
    tell(`recovers from ${incident}, but was caused by ${entry.cause.incident}`);
  const state = controls.find(({ sequence }) => sequence === entry.controls);
  const open = state?.incidents.find(({ id }) => id === incident);
  if (!open) tell(`recovers from ${incident}, which isn't open in CONTROLS ${entry.controls}`);
  else if (open.candidateId !== null && open.candidateId !== candidateId)
    tell(`recovers from ${incident}, which is about ${open.candidateId}`);
  if (entry.reason === "APPROVED") checkApprovals(on);
}

function checkGuard(entry: JournalEntry, before: JournalEntry | undefined, tell: Tell): void {
  const { guard, stage } = entry;
  if (!guard) {
    const repeated = before?.stage === stage && entry.cause.command === "resume";
    if (!repeated && !goesOn(entry, before)) tell("has no receipt of the guard");
    return;
  }
  // What a person sends back starts anew, like what was submitted.
  const from = entry.cause.command === "send-back" ? null : (before?.stage ?? null);
  if (guard.from !== from || guard.to !== stage)
    tell(`has a receipt for ${guard.from} -> ${guard.to}, but moves ${from} -> ${stage}`);
  if (guard.rule !== "transition_allowed") tell(`has a receipt that says ${guard.rule}`);
}

interface Move extends Decided {
  readonly record: MeshRecord;
  readonly before: JournalEntry;
  /** The last result that the chain took up to this entry. */
  readonly result: Report | undefined;
}

function checkMove(move: Move): void {
  const { entry, before, result, basis, tell } = move;
  if (!result || result.stage !== before.stage || result.runId !== before.runId) {
    tell(`isn't based on a stored result of ${before.stage} in ${before.runId}`);
    return;
  }
  if (result.failureClass !== null) tell("is based on a result that failed");
  const seen = entry.evidence?.artifacts;
  if (!seen || seen.size === 0) tell("names no artifact that was verified");
  for (const artifact of result.artifacts) {
    const state = seen?.get(artifact.name) ?? "not looked at";
    if (state !== "present") tell(`counts on ${artifact.name}, which was ${state}`);
    checkArtifact(move.record, artifact, tell);
    const content = move.record.objects.get(artifact.sha256)?.content;
    if (content) checkSpecification(basis, { name: artifact.name, content }, tell);
  }
  checkGate(move, result);
  if (entry.reason === "APPROVED") checkApprovals(move);
}

function checkArtifact({ objects }: MeshRecord, artifact: NamedArtifact, tell: Tell): void {
  const { name, sha256, bytes } = artifact;
  const stored = objects.get(sha256);
  if (!stored) tell(`names ${name} (${sha256.slice(0, 12)}), which isn't in the store`);
  else if (stored.sha256 !== sha256 || stored.bytes !== bytes)
    tell(`names ${name} (${sha256.slice(0, 12)}), whose stored bytes are others`);
}

function checkGate({ record, entry, before, tell }: Move, result: Report): void {
  const name = record.gates.get(before.stage);
  if (name === undefined) return;
  const report = result.artifacts.find((artifact) => artifact.name === name);
  const gate = entry.evidence?.gate;
  if (!report || !gate) {
    tell(`leaves ${before.stage} without its gate report ${name}`);
    return;
  }
  if (gate.sha256 !== report.sha256) tell(`counts on another gate report than the result's`);
  const wanted = ["LOOPED_BACK", "INCIDENT"].includes(entry.reason) ? "fail" : "pass";
  if (gate.verdict !== wanted) tell(`moves by ${entry.reason} on the verdict ${gate.verdict}`);
  const content = record.objects.get(report.sha256)?.content;
  if (!content) return;
  try {
    checkGateReport(content, { wanted, result, tell });
  } catch (error) {
    if (!(error instanceof WrongForm)) throw error;
    tell(`counts on a gate report that is none: ${error.message}`);
  }
}

function checkGateReport(
  content: Uint8Array,
  { wanted, result, tell }: { wanted: string; result: Report; tell: Tell },
): void {
  const fields = parseFields(new TextDecoder().decode(content));
  const about = ["candidateId", "stage", "runId"].map((name) => fields.text(name)).join(".");
  const expected = `${result.candidateId}.${result.stage}.${result.runId}`;
  if (about !== expected) tell(`counts on a gate report about ${about}`);
  const verdict = fields.text("verdict");
  if (verdict !== wanted) tell(`counts on a gate report that says ${verdict}, not ${wanted}`);
  const bad = fields
    .objects("gates")
    .filter((gate) => ["fail", "inconclusive"].includes(gate.text("status")));
  if (wanted === "pass" && bad.length > 0)
    tell(
      `counts on a gate report whose ${bad.map((gate) => gate.text("gateId")).join(", ")} didn't pass`,
    );
}

function checkApprovals({ entry, basis, tell }: Decided): void {
  const pairs = basis.artifacts.map(({ name, sha256 }) => [name, sha256]);
  const digest = createHash("sha256").update(JSON.stringify(pairs)).digest("hex");
  const given = entry.approvals.filter((one) => one.stage === entry.stage);
  if (!given.some((one) => one.evidence === digest))
    tell("has no approval that is bound to its evidence");
  if (given.some((one) => readName(one.by) === readName(entry.author)))
    tell("was approved by its own author");
}
