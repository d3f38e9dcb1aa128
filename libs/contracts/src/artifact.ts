import { z } from "zod";

import { RunId, Sha256, Stage } from "./names.ts";
import { wireObject, WireVersion } from "./wire.ts";

/** Largest artifact in bytes: 64 MiB. */
export const MAX_ARTIFACT_BYTES = 64 * 1024 * 1024;
/** Most artifacts that one run may gather. */
export const MAX_ARTIFACTS = 256;

/** Relative path of an artifact inside a run: no absolute path, no `..`, no backslash, no NUL, no trailing dot or space. */
export const ArtifactName = z
  .string()
  .min(1)
  .max(200)
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/,
    "artifact name: relative path of A-Z a-z 0-9 . _ - and '/', no part starting with '.' or '-'",
  )
  .refine((name) => !/\.(\/|$)/.test(name), "artifact name: no part may end with '.'")
  // Records keyed by artifact name would lose it on the way over JSON.
  .refine((name) => name !== "__proto__", "artifact name: __proto__ is reserved");
export type ArtifactName = z.infer<typeof ArtifactName>;

/** An artifact by reference: what it is called in its run, and the digest of its bytes. */
export const ArtifactRef = wireObject({
  name: ArtifactName,
  sha256: Sha256,
  bytes: z.int().min(0).max(MAX_ARTIFACT_BYTES),
  /** Stage and run that made it; a rerun inherits the artifacts of the stages before it. */
  stage: Stage,
  runId: RunId,
});
export type ArtifactRef = z.infer<typeof ArtifactRef>;

/** The record that makes stored bytes an artifact: where the content is that has the digest. */
export const ArtifactContent = wireObject({
  v: WireVersion,
  sha256: Sha256,
  /** Of the chunks' subject. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  bytes: z.int().min(0).max(MAX_ARTIFACT_BYTES),
});
export type ArtifactContent = z.infer<typeof ArtifactContent>;
