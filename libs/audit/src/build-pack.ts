import { createHash } from "node:crypto";

import { canonicalJson } from "@baton/contracts";

import type { AuditKey } from "./audit-key.ts";
import { findSecrets } from "./find-secrets.ts";
import { extractLine, type ExtractRow } from "./journal-extract.ts";
import {
  ARTIFACTS_PREFIX,
  AuditPackManifest,
  type AuditSection,
  JOURNAL_PATH,
  MANIFEST_PATH,
  MAX_PACK_BYTES,
  type PackFile,
  SIGNATURE_PATH,
} from "./pack-manifest.ts";
import { writeTar } from "./tar-form.ts";

/** Room for headers, manifest and sections; artifacts get the rest. */
const OVERHEAD_BYTES = 8 * 1024 * 1024;

/** What goes into a pack. */
export interface AuditPackContent {
  readonly candidateId: string;
  readonly runId: string;
  /** Not the clock's time but the one of the dispatch, so that a repeated stage gives the same bytes. */
  readonly createdAt: string;
  /** Content of the sections that are neither the journal nor artifacts, as JSON values. */
  readonly sections: Readonly<Record<Exclude<AuditSection, "journal" | "artifacts">, unknown>>;
  /** The candidate's journal from its first entry on. */
  readonly journal: readonly ExtractRow[];
  readonly artifacts: readonly PackArtifact[];
}

/** An artifact that is read only if there is room for it. */
export interface PackArtifact {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  read(): Promise<Uint8Array>;
}

/** A pack would hold a secret: it isn't made. */
export class SecretInPack extends Error {
  override readonly name = "SecretInPack";
  readonly code = "E_PACK_SECRET";
}

/** A pack and what its manifest says. */
export interface AuditPack {
  readonly bytes: Uint8Array;
  readonly manifest: AuditPackManifest;
}

/**
 * Makes a signed pack; the same content and key give the same bytes. Artifacts that would make it larger than a pack may
 * be are named by digest only. Throws SecretInPack if anything in it looks like a secret or holds one of `secrets`.
 */
export async function buildAuditPack(
  content: AuditPackContent,
  key: AuditKey,
  secrets: readonly string[] = [],
): Promise<AuditPack> {
  const files = new Map<string, Uint8Array>();
  const sections: Partial<Record<AuditSection, string[]>> = {};
  for (const [section, value] of Object.entries(content.sections)) {
    files.set(`${section}.json`, json(value));
    Object.assign(sections, { [section]: [`${section}.json`] });
  }
  const lines = content.journal.map(extractLine);
  files.set(JOURNAL_PATH, new TextEncoder().encode(lines.join("")));
  sections.journal = [JOURNAL_PATH];
  const { taken, omitted } = await takeArtifacts(
    content.artifacts,
    MAX_PACK_BYTES - OVERHEAD_BYTES,
  );
  for (const [path, bytes] of taken) files.set(path, bytes);
  sections.artifacts = [...taken.keys()];
  refuseSecrets(files, secrets);

  const manifest = AuditPackManifest.parse({
    schemaVersion: "baton.audit-pack.v1",
    candidateId: content.candidateId,
    runId: content.runId,
    createdAt: content.createdAt,
    key: { algorithm: "Ed25519", id: key.id, publicKey: key.spki },
    sections,
    files: Array.from(files, ([path, bytes]) => packFile(path, bytes)).toSorted(byPath),
    omitted,
  });
  const head = json(manifest);
  files.set(MANIFEST_PATH, head);
  const signature = Buffer.from(key.sign(head)).toString("hex");
  files.set(SIGNATURE_PATH, new TextEncoder().encode(`${signature}\n`));
  const bytes = await writeTar(files);
  if (bytes.length > MAX_PACK_BYTES)
    throw new RangeError(`the journal and the sections alone make a pack of ${bytes.length} bytes`);
  return { bytes, manifest };
}

const byPath = (a: PackFile, b: PackFile) => (a.path < b.path ? -1 : 1);

function packFile(path: string, bytes: Uint8Array): PackFile {
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { path, sha256, bytes: bytes.length };
}

function json(value: unknown): Uint8Array {
  const sorted: unknown = JSON.parse(canonicalJson(value));
  return new TextEncoder().encode(`${JSON.stringify(sorted, null, 2)}\n`);
}

async function takeArtifacts(artifacts: readonly PackArtifact[], room: number) {
  const taken = new Map<string, Uint8Array>();
  const omitted: PackFile[] = [];
  let left = room;
  for (const artifact of artifacts.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${ARTIFACTS_PREFIX}${artifact.name}`;
    const { sha256, bytes } = artifact;
    if (bytes > left) omitted.push({ path, sha256, bytes });
    else {
      taken.set(path, await artifact.read());
      left -= bytes;
    }
  }
  return { taken, omitted };
}

function refuseSecrets(files: ReadonlyMap<string, Uint8Array>, secrets: readonly string[]): void {
  for (const [path, bytes] of files) {
    const [kind] = findSecrets(bytes, secrets);
    if (kind !== undefined)
      throw new SecretInPack(`${path} holds something that looks like a secret: ${kind}`);
  }
}
