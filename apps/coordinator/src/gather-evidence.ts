/** Fetches what a decision relies on: nobody may simply claim that an artifact exists or that a gate passed (J2). */
import type { ArtifactRef, EvidenceRecord } from "@baton/contracts";
import { contradictionIn } from "@baton/lineage";
import { ArtifactAltered, type Artifacts } from "@baton/mesh";
import { evidenceRecord, type EvidenceRequest } from "@baton/playbook";

type Found = EvidenceRecord["artifacts"][string];

/** A missing artifact is looked for so often before it counts as missing: a replica may lag behind. */
const LOOKS = 3;
const LOOK_AGAIN_MS = 200;

/** Reads and hashes every artifact of the result, holds it against the dispatch, and reads the verdict from the gate report. */
export async function gatherEvidence(
  request: EvidenceRequest,
  artifacts: Artifacts,
): Promise<EvidenceRecord> {
  const looked = await Promise.all(
    request.artifacts.map(async (ref) => [ref.name, await look(ref, artifacts)] as const),
  );
  const states = Object.fromEntries(looked.map(([name, { state }]) => [name, state]));
  const bytesOf = new Map(looked.map(([name, { bytes }]) => [name, bytes]));
  const contradictions = request.artifacts.flatMap((ref) => {
    const bytes = bytesOf.get(ref.name);
    const what = bytes && contradictionIn(request.root, ref, () => new TextDecoder().decode(bytes));
    return what === undefined ? [] : [[ref.name, what] as const];
  });
  const gate = bytesOf.get(request.gate?.name ?? "");
  return evidenceRecord(request, {
    states,
    contradictions: Object.fromEntries(contradictions),
    gateText: gate && new TextDecoder().decode(gate),
  });
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
