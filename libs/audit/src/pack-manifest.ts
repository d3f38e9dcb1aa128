/**
 * The head of an audit pack, `manifest.json`: what is in it, signed as a whole.
 *
 * A pack is a tar with `manifest.json`, `manifest.json.sig` (the signature in hex) and then the files of the manifest
 * in the order of their paths, all with the same mode and no time, so that its bytes follow from its content.
 */
import { CandidateId, Instant, RunId, Sha256 } from "@baton/contracts";
import { z } from "zod";

/** Largest pack in bytes; it has to fit into one artifact. */
export const MAX_PACK_BYTES = 64 * 1024 * 1024;
/** Most files in a pack. */
export const MAX_PACK_FILES = 512;

export const MANIFEST_PATH = "manifest.json";
export const SIGNATURE_PATH = "manifest.json.sig";
export const JOURNAL_PATH = "journal.jsonl";
export const COMMANDS_PATH = "commands.json";
/** Has the mesh's controls in `mesh`. */
export const CONTROLS_PATH = "retries-and-pauses.json";
export const ARTIFACTS_PREFIX = "artifacts/";

/** What every pack must tell about its run. */
export const REQUIRED_SECTIONS = [
  /** Ids, times, versions, author, specification. */
  "run",
  /** The candidate's journal with sequences. */
  "journal",
  /** Every gate's decision. */
  "gates",
  /** Who approved or refused what, on which evidence. */
  "approvals",
  /** What people signed: the canonical text of each command that the journal and its controls name, with its signature. */
  "commands",
  /** Failed attempts, holds, and what controls did. */
  "retries-and-pauses",
  /** Digests of the data. */
  "datasets",
  /** Digests of the code. */
  "code",
  /** The artifacts themselves. */
  "artifacts",
] as const;
export const AuditSection = z.enum(REQUIRED_SECTIONS);
export type AuditSection = z.infer<typeof AuditSection>;

/** Path inside a pack: relative, plain characters, nothing that leaves it. */
export const PackPath = z
  .string()
  .max(220)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/)
  .refine((path) => !/\.(\/|$)/.test(path));

/** A file of a pack. */
export const PackFile = z.strictObject({
  path: PackPath,
  sha256: Sha256,
  bytes: z.int().min(0).max(MAX_PACK_BYTES),
});
export type PackFile = z.infer<typeof PackFile>;

/** Content of `manifest.json`. */
export const AuditPackManifest = z.strictObject({
  schemaVersion: z.literal("baton.audit-pack.v1"),
  candidateId: CandidateId,
  runId: RunId,
  createdAt: Instant,
  key: z.strictObject({
    algorithm: z.literal("Ed25519"),
    id: z.string().regex(/^ed25519-[0-9a-f]{16}$/),
    /** SPKI DER in base64. */
    publicKey: z.string().regex(/^[A-Za-z0-9+/]{40,200}={0,2}$/),
  }),
  /** Paths by section. */
  sections: z.partialRecord(AuditSection, z.array(PackPath).max(MAX_PACK_FILES)),
  files: z.array(PackFile).min(1).max(MAX_PACK_FILES),
  /** Artifacts that are named by digest only, because the pack would have become too large. */
  omitted: z.array(PackFile).max(MAX_PACK_FILES),
});
export type AuditPackManifest = z.infer<typeof AuditPackManifest>;
