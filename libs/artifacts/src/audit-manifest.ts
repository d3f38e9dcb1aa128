import { ArtifactName, CandidateId, RunId, Sha256, Stage, Verdict } from "@baton/contracts";
import { z } from "zod";

/**
 * `audit/manifest.json`: the part of the audit evidence that is the same on every rerun. Approvals, times and the
 * journal are in the signed pack, `observed/audit-pack.tar`, together with this file.
 */
export const AuditManifest = z.object({
  schemaVersion: z.literal("baton.audit-manifest.v1"),
  candidateId: CandidateId,
  runId: RunId,
  /** Sections of the pack. */
  sections: z.array(z.string()).min(1),
  /** Every artifact of the run but those under `observed/`, whose bytes depend on the clock. */
  artifacts: z.array(
    z.object({
      name: ArtifactName,
      sha256: Sha256,
      bytes: z.int().min(0),
      stage: Stage,
      runId: RunId,
    }),
  ),
  /** Names of the artifacts under `observed/`. */
  observed: z.array(ArtifactName),
  gates: z.array(
    z.object({
      artifact: ArtifactName,
      sha256: Sha256,
      stage: Stage,
      policyVersion: z.string(),
      verdict: Verdict,
      gates: z.array(
        z.object({ gateId: z.string(), status: z.string(), reasons: z.array(z.string()) }),
      ),
    }),
  ),
  datasets: z.array(
    z.object({ instrument: z.string(), sha256: Sha256, rows: z.int(), source: z.string() }),
  ),
  /** What was computed by which code, by digest; null where the run didn't come that far. */
  code: z.object({
    specSha256: Sha256.nullable(),
    pluginSourceSha256: Sha256.nullable(),
    pluginTestSha256: Sha256.nullable(),
    backtestSha256: Sha256.nullable(),
    runtime: z.string().nullable(),
  }),
  /** Digest of the change of configuration that was rolled out; null if it wasn't. */
  configPatchSha256: Sha256.nullable(),
});
export type AuditManifest = z.infer<typeof AuditManifest>;
