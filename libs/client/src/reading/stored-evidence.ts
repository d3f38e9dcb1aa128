/** What a mesh has stored, read for the guard: playbooks by digest, and the evidence for a result as the coordinator verifies it. */
import type { EvidenceRecord, Sha256 } from "@baton/contracts";
import { contradictionIn } from "@baton/lineage";
import type { Artifacts } from "@baton/mesh";
import {
  evidenceRecord,
  type EvidenceRequest,
  parsePlaybook,
  type Playbook,
} from "@baton/playbook";
import { UserError, EXIT } from "@baton/text/user-error";

/** The playbook of a digest; undefined if it isn't stored, or what is stored isn't a playbook. */
export async function findPlaybook(
  artifacts: Artifacts,
  digest: Sha256,
): Promise<Playbook | undefined> {
  try {
    const bytes = await artifacts.get(digest);
    if (!bytes) return undefined;
    const result = parsePlaybook(JSON.parse(new TextDecoder().decode(bytes)));
    return result.ok ? result.playbook : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isAltered(error)) return undefined;
    throw error;
  }
}

/** The same; throws `UserError` E_NOT_FOUND. */
export async function pinnedPlaybook(artifacts: Artifacts, digest: Sha256): Promise<Playbook> {
  const playbook = await findPlaybook(artifacts, digest);
  if (playbook) return playbook;
  throw new UserError({
    code: "E_NOT_FOUND",
    exit: EXIT.notFound,
    message: "the playbook that the run is pinned to isn't stored, or was altered",
    value: digest,
    action: "Restore the artifact store: nothing about this run can be decided without it.",
  });
}

/** Reads every artifact of a result and the verdict of its gate report; nothing is taken on trust (J2). */
export async function gatherStored(
  request: EvidenceRequest,
  artifacts: Artifacts,
): Promise<EvidenceRecord> {
  const states: EvidenceRecord["artifacts"] = {};
  const contradictions: Record<string, string> = {};
  let gateText: string | undefined;
  for (const ref of request.artifacts) {
    const { name, sha256, bytes } = ref;
    const found = await artifacts.get(sha256).catch((error: unknown) => {
      if (isAltered(error)) return "altered" as const;
      throw error;
    });
    if (found === undefined || found === "altered") {
      states[name] = found ?? "missing";
      continue;
    }
    states[name] = found.length === bytes ? "present" : "altered";
    if (states[name] === "altered") continue;
    const text = () => new TextDecoder().decode(found);
    const contradiction = contradictionIn(request.root, ref, text);
    if (contradiction !== undefined) contradictions[name] = contradiction;
    if (name === request.gate?.name) gateText = text();
  }
  return evidenceRecord(request, { states, contradictions, gateText });
}

function isAltered(error: unknown): boolean {
  return error instanceof Error && error.name === "ArtifactAltered";
}
