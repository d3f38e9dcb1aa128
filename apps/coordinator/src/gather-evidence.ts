/** Fetches what a decision relies on: nobody may simply claim that an artifact exists or that a gate passed (J2). */
import { type ArtifactRef, type EvidenceRecord, GateReport, verdictOf } from "@baton/contracts";
import { ArtifactAltered, type Artifacts } from "@baton/mesh";
import type { EvidenceRequest } from "@baton/playbook";

type Found = EvidenceRecord["artifacts"][string];

/** A missing artifact is looked for so often before it counts as missing: a replica may lag behind. */
const LOOKS = 3;
const LOOK_AGAIN_MS = 200;

/** Reads and hashes every artifact of the result, and the verdict from the stage's gate report. */
export async function gatherEvidence(
  request: EvidenceRequest,
  artifacts: Artifacts,
): Promise<EvidenceRecord> {
  const looked = await Promise.all(
    request.artifacts.map(async (ref) => [ref.name, await look(ref, artifacts)] as const),
  );
  const found = Object.fromEntries(looked.map(([name, { state }]) => [name, state]));
  const gate = looked.find(([name]) => name === request.gate?.name)?.[1].bytes;
  return {
    artifacts: found,
    gate: gate && request.gate ? readGate(request, request.gate, gate) : null,
  };
}

async function look(
  ref: ArtifactRef,
  artifacts: Artifacts,
): Promise<{ state: Found; bytes?: Uint8Array }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const bytes = await artifacts.get(ref.sha256);
      if (bytes)
        return bytes.length === ref.bytes ? { state: "present", bytes } : { state: "altered" };
    } catch (error) {
      if (!(error instanceof ArtifactAltered)) throw error;
      if (attempt >= LOOKS) return { state: "altered" };
    }
    if (attempt >= LOOKS) return { state: "missing" };
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** The gate report's verdict if it is one, of this stage run, and says what its gates say; otherwise null (fails closed). */
function readGate(
  { report }: EvidenceRequest,
  ref: ArtifactRef,
  bytes: Uint8Array,
): EvidenceRecord["gate"] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
  const gate = GateReport.safeParse(value);
  if (!gate.success) return null;
  const { candidateId, runId, stage, gates, verdict } = gate.data;
  const bound =
    candidateId === report.candidateId && runId === report.runId && stage === report.stage;
  if (!bound || verdictOf(gates) !== verdict) return null;
  const reasons = gates
    .filter((one) => one.status === "fail" || one.status === "inconclusive")
    .flatMap((one) => one.reasons.map((reason) => `${one.gateId}: ${reason}`.slice(0, 300)))
    .slice(0, 50);
  return { sha256: ref.sha256, verdict, reasons };
}
