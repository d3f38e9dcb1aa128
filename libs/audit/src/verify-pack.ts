/**
 * Says whether a pack is whole, unchanged and signed.
 *
 * V1: the signature covers the manifest, the manifest covers every file by digest and size.
 * V2: what is left, the tar around the files, must be byte for byte what writing these files gives: so no byte of a
 *     pack can change unnoticed, padding included.
 * V3: a whole and well signed pack may still say too little: required sections, the chain of the journal, and every
 *     artifact that the journal names are checked too.
 * V4: the specification stands in the journal as it was submitted; sections and artifacts are held against it.
 * V5: what people are said to have asked for is signed by them: see signed-commands.ts.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";

import type { People } from "@baton/people";

import { type AuditFault, fault, shown } from "./audit-fault.ts";
import { type AuditPublicKey, parsePublicKey } from "./audit-key.ts";
import { lineageFaults } from "./check-lineage.ts";
import { type JournalRow, readJournal } from "./journal-extract.ts";
import {
  ARTIFACTS_PREFIX,
  AuditPackManifest,
  COMMANDS_PATH,
  CONTROLS_PATH,
  JOURNAL_PATH,
  MANIFEST_PATH,
  MAX_PACK_BYTES,
  REQUIRED_SECTIONS,
  SIGNATURE_PATH,
} from "./pack-manifest.ts";
import { checkCommands, type SignatureCount } from "./signed-commands.ts";
import { readTar, writeTar } from "./tar-form.ts";

/** Most faults that are told. */
const MAX_FAULTS = 50;

/** What a verification found. */
export interface AuditVerification {
  readonly ok: boolean;
  readonly faults: readonly AuditFault[];
  /** The manifest, if it could be read; believe it only if `ok`. */
  readonly manifest: AuditPackManifest | undefined;
  /** True if the signature was checked with a key that the caller gave; otherwise only with the pack's own. */
  readonly trusted: boolean;
  /** Commands that the journal and the controls that it was decided under name as causes. */
  readonly commands: SignatureCount;
}

/** Verifies a pack by path or in memory; `publicKey` (PEM) is the one that it must be signed with, `people` those who may have sent commands. Throws an AuditKeyError only for a `publicKey` that is none. */
export async function verifyAuditPack(
  pack: string | Uint8Array,
  options: { readonly publicKey?: string; readonly people?: People } = {},
): Promise<AuditVerification> {
  const expected = options.publicKey === undefined ? undefined : parsePublicKey(options.publicKey);
  const read = typeof pack === "string" ? await readPack(pack) : pack;
  const faults: AuditFault[] = [];
  let commands: SignatureCount = { signed: 0, unsigned: 0 };
  const result = (manifest?: AuditPackManifest): AuditVerification => ({
    ok: faults.length === 0,
    faults: faults.slice(0, MAX_FAULTS),
    manifest,
    trusted: expected !== undefined,
    commands,
  });
  if (!(read instanceof Uint8Array)) {
    faults.push(read);
    return result();
  }
  if (read.length > MAX_PACK_BYTES) {
    faults.push(fault("E_PACK_LIMIT", `the pack is larger than ${MAX_PACK_BYTES} bytes`));
    return result();
  }
  const { files, faults: unreadable } = await readTar(read);
  faults.push(...unreadable);
  const manifest = readManifest(files, faults);
  if (!manifest) return result();
  checkSignature(files, manifest, { expected, faults });
  checkFiles(files, manifest, faults);
  checkSections(manifest, faults);
  const rows = checkJournal(files, manifest, faults);
  const { faults: unproven, ...counted } = checkCommands(
    rows,
    { commands: files.get(COMMANDS_PATH), controls: files.get(CONTROLS_PATH) },
    options.people,
  );
  commands = counted;
  faults.push(...unproven);
  if (faults.length === 0 && !Buffer.from(await writeTar(files)).equals(read))
    faults.push(fault("E_PACK_FORM", "the bytes around the files were changed"));
  return result(manifest);
}

async function readPack(path: string): Promise<Uint8Array | AuditFault> {
  try {
    // Non-blocking, so that a FIFO without a writer is refused instead of waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return fault("E_PACK_UNREADABLE", `${shown(path)} is not a plain file`);
      if (stat.size > MAX_PACK_BYTES)
        return fault("E_PACK_LIMIT", `${shown(path)} is larger than ${MAX_PACK_BYTES} bytes`);
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return fault("E_PACK_UNREADABLE", `${shown(path)} can't be read: ${why}`);
  }
}

type Files = ReadonlyMap<string, Uint8Array>;

function readManifest(files: Files, faults: AuditFault[]): AuditPackManifest | undefined {
  const bytes = files.get(MANIFEST_PATH);
  if (!bytes) {
    faults.push(fault("E_PACK_MANIFEST", `there is no ${MANIFEST_PATH}`));
    return undefined;
  }
  try {
    const parsed = AuditPackManifest.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (parsed.success) return parsed.data;
    const at = parsed.error.issues[0]?.path.join(".") ?? "";
    faults.push(fault("E_PACK_MANIFEST", `${MANIFEST_PATH} has another form at ${shown(at)}`));
  } catch {
    faults.push(fault("E_PACK_MANIFEST", `${MANIFEST_PATH} is not JSON`));
  }
  return undefined;
}

function checkSignature(
  files: Files,
  manifest: AuditPackManifest,
  { expected, faults }: { expected: AuditPublicKey | undefined; faults: AuditFault[] },
): void {
  const head = files.get(MANIFEST_PATH) ?? new Uint8Array();
  const text = Buffer.from(files.get(SIGNATURE_PATH) ?? []).toString("latin1");
  // Lower-case hex only: every other spelling of the same bytes would be a change that nobody notices.
  const signature = /^([0-9a-f]{128})\n$/.exec(text)?.[1];
  const own = keyInside(manifest);
  if (!own || own.id !== manifest.key.id)
    faults.push(fault("E_PACK_KEY", "the manifest's key and its id don't belong together"));
  if (expected && expected.id !== manifest.key.id)
    faults.push(
      fault("E_PACK_KEY", `signed with ${manifest.key.id}, but ${expected.id} was expected`),
    );
  const key = expected ?? own;
  if (signature === undefined)
    faults.push(fault("E_PACK_SIGNATURE", `${SIGNATURE_PATH} is missing or no signature`));
  else if (!key?.verify(head, Buffer.from(signature, "hex")))
    faults.push(fault("E_PACK_SIGNATURE", `${MANIFEST_PATH} is not what was signed`));
}

function keyInside(manifest: AuditPackManifest): AuditPublicKey | undefined {
  try {
    return parsePublicKey(manifest.key.publicKey);
  } catch {
    return undefined;
  }
}

function checkFiles(files: Files, manifest: AuditPackManifest, faults: AuditFault[]): void {
  const named = new Set([MANIFEST_PATH, SIGNATURE_PATH]);
  for (const { path, sha256, bytes } of manifest.files) {
    if (named.has(path)) faults.push(fault("E_PACK_MANIFEST", `${shown(path)} is listed twice`));
    named.add(path);
    const found = files.get(path);
    if (!found) faults.push(fault("E_PACK_MISSING", `${shown(path)} is missing`));
    else if (found.length !== bytes || createHash("sha256").update(found).digest("hex") !== sha256)
      faults.push(fault("E_PACK_ALTERED", `${shown(path)} is not what the manifest says`));
  }
  for (const path of files.keys())
    if (!named.has(path))
      faults.push(fault("E_PACK_EXTRA", `${shown(path)} is not in the manifest`));
}

function checkSections(manifest: AuditPackManifest, faults: AuditFault[]): void {
  const sizes = new Map(manifest.files.map(({ path, bytes }) => [path, bytes]));
  for (const section of REQUIRED_SECTIONS) {
    const paths = manifest.sections[section] ?? [];
    // An artifact may be empty; a section that tells nothing may not.
    const least = section === "artifacts" ? 0 : 1;
    const full = paths.length > 0 && paths.every((path) => (sizes.get(path) ?? -1) >= least);
    const omitted = section === "artifacts" && manifest.omitted.length > 0;
    if (!full && !omitted)
      faults.push(fault("E_PACK_SECTION", `section ${section} is missing or empty`));
  }
}

function checkJournal(
  files: Files,
  manifest: AuditPackManifest,
  faults: AuditFault[],
): readonly JournalRow[] {
  const bytes = files.get(JOURNAL_PATH);
  if (!bytes) return [];
  const { rows, faults: broken } = readJournal(bytes, manifest.candidateId);
  faults.push(...broken);
  const last = rows.at(-1);
  if (!last || broken.length > 0) return rows;
  if (last.entry.runId !== manifest.runId)
    faults.push(fault("E_PACK_JOURNAL", "the journal extract ends in another run"));
  const held = new Map(
    [...manifest.files, ...manifest.omitted].map(({ path, sha256 }) => [path, sha256]),
  );
  for (const { name, sha256 } of last.whole.artifacts)
    if (held.get(`${ARTIFACTS_PREFIX}${name}`) !== sha256)
      faults.push(
        fault("E_PACK_JOURNAL", `the journal names artifact ${shown(name)}, the pack lacks it`),
      );
  faults.push(...lineageFaults(files, rows));
  return rows;
}
