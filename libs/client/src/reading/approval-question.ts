/** What an approval would be given on, as it is shown to whoever gives it. */
import { GateReport } from "@baton/artifacts";
import type { ArtifactRef, CandidateId, Entry, WholeEntry } from "@baton/contracts";
import { type Artifacts, JournalCorrupt } from "@baton/mesh";
import { approvalState, evidenceDigest } from "@baton/playbook";
import { counted } from "@baton/text/counted";
import { printable } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";
import { particularsOf, renderArtifacts, whoText } from "@baton/views";

import type { Session } from "../session/session.ts";
import { readWhole } from "./read-candidate.ts";

/** A question for an approval, with what its gates said. */
export interface ApprovalQuestion {
  readonly entry: WholeEntry;
  /** Digest that the approval is bound to: over the artifacts of `entry`. */
  readonly evidence: string;
  readonly gates: readonly {
    readonly name: string;
    readonly verdict: string;
    readonly reasons: readonly string[];
  }[];
}

/** Larger artifacts aren't read before an answer. */
const MAX_READ_BYTES = 20_000_000;
/** Largest gate report that is read, and most of them. */
const MAX_REPORT_BYTES = 2_000_000;
const MAX_REPORTS = 50;

/**
 * Reads the question and its gate reports; undefined if the candidate doesn't ask for an approval. Throws `UserError` where the
 * evidence isn't what the journal says: nobody should approve what can't be seen.
 */
export async function readApprovalQuestion(
  session: Session,
  last: Entry,
): Promise<ApprovalQuestion | undefined> {
  const { candidateId } = last;
  const evidence = last.review?.evidence ?? null;
  if (last.reason !== "APPROVAL_REQUIRED" || evidence === null) return undefined;
  const entry = await readWhole(session, last).catch((error: unknown) => {
    if (error instanceof JournalCorrupt) throw unseen(candidateId, error.message);
    throw error;
  });
  if (evidenceDigest(entry.artifacts) !== evidence)
    throw unseen(candidateId, "the digest in the question isn't that of its artifacts");
  const { artifacts } = session;
  const reports = entry.artifacts
    .filter(({ name, bytes }) => /^gates\/.*\.json$/.test(name) && bytes <= MAX_REPORT_BYTES)
    .slice(0, MAX_REPORTS);
  const gates = await Promise.all(
    reports.map(async (ref) => readGate(ref, await bytesOf(candidateId, ref, artifacts))),
  );
  // The digest is over all of them, and the next stages need them: one that is gone or damaged can't be approved either.
  for (const ref of entry.artifacts)
    if (!reports.includes(ref) && ref.bytes <= MAX_READ_BYTES)
      await bytesOf(candidateId, ref, artifacts);
  return { entry, evidence, gates: gates.filter((gate) => gate !== undefined) };
}

async function bytesOf(
  candidateId: CandidateId,
  { name, sha256 }: ArtifactRef,
  artifacts: Artifacts,
): Promise<Uint8Array> {
  const bytes = await artifacts.get(sha256).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw unseen(candidateId, `${name} can't be read: ${why}`);
  });
  if (bytes) return bytes;
  throw unseen(candidateId, `${name} isn't in the artifact store`);
}

/** What a gate report says; undefined for other files in the gates' folder. */
function readGate({ name }: ArtifactRef, bytes: Uint8Array) {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  const report = GateReport.safeParse(value).data;
  if (!report) return undefined;
  const reasons = report.gates
    .filter(({ status }) => status !== "pass")
    .map(({ gateId, status, reasons: why }) => [gateId, status, ...why].join(" "));
  return { name, verdict: report.verdict, reasons };
}

function unseen(candidateId: CandidateId, what: string): UserError {
  return new UserError({
    code: "E_GUARD",
    exit: EXIT.refused,
    message: `the evidence for ${candidateId} isn't complete: ${what}`,
    rule: "an approval is given on evidence that can be seen",
    action: `\`baton reject ${candidateId} --why …\`, or \`baton send-back ${candidateId} --why …\`; \`baton doctor\` looks at the store.`,
  });
}

/** One line, for whoever has agreed without being asked: which evidence, and what its gates say. */
export function renderApproved({ entry, evidence, gates }: ApprovalQuestion): string {
  const passed = gates.filter(({ verdict }) => verdict === "pass").length;
  const line = `${entry.candidateId} to ${entry.review?.next ?? "?"} on evidence ${evidence}: ${counted(entry.artifacts.length, "artifact")}, ${passed} of ${counted(gates.length, "gate report passes", "gate reports pass")}`;
  return `${printable(line)}\n`;
}

/** The question for people; `now` as an ISO instant. */
export function renderApprovalQuestion(
  { entry, evidence, gates }: ApprovalQuestion,
  now: string,
): string {
  const { candidateId, review, spec, runId, author, deadline, approvals } = entry;
  const given = approvals.filter((one) => approvalState(one, entry, now) === "counts");
  const approve = review?.answers?.find(({ command }) => command === "approve");
  const name = spec["name"];
  const lines = [
    `${candidateId}${typeof name === "string" ? ` (${name})` : ""} asks to enter ${review?.next ?? "?"}, ${runId}, submitted by ${author}`,
    `Detail:    ${particularsOf(entry)}`,
    `Evidence:  ${evidence}`,
    ...(approve ? [`Needed:    ${whoText(approve)}`] : []),
    ...given.map(
      ({ by, why, expires }) => `Given:     by ${by} until ${expires ?? "used"}: ${why}`,
    ),
    ...(deadline === null ? [] : [`Deadline:  ${deadline}`]),
    ...gates.flatMap((gate) => [
      `Gate:      ${gate.verdict}  ${gate.name}`,
      ...gate.reasons.map((reason) => `             ${reason}`),
    ]),
  ];
  return `${lines.map(printable).join("\n")}\n${renderArtifacts(entry.artifacts)}`;
}
