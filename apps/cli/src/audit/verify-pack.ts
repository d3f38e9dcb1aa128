/** `baton audit verify FILE`: needs no server. */
import { type AuditFaultCode, type AuditVerification, verifyAuditPack } from "@baton/audit";

import { CliError, EXIT } from "../cli-error.ts";
import type { Globals } from "../globals.ts";
import { print } from "../output.ts";
import { printable } from "../printable.ts";
import { readInput } from "../submit/read-input.ts";

/** Longest public key file. */
const MAX_KEY_BYTES = 16 * 1024;
const SILENT_MS = 10_000;

/** Verifies the pack and prints what was found; throws `CliError` if anything is wrong with it. */
export async function verifyPack(file: string, options: Globals & { key?: string }): Promise<void> {
  const publicKey = options.key === undefined ? undefined : await readKey(options.key);
  const found = await verifyAuditPack(file, publicKey === undefined ? {} : { publicKey }).catch(
    (error: unknown) => {
      throw badKey(options.key ?? "", error);
    },
  );
  const { ok, trusted, faults, manifest } = found;
  const { candidateId, runId, createdAt } = manifest ?? {};
  const result = { file, ok, trusted, candidateId, runId, createdAt, faults };
  await print(options.format, result, () => renderVerification(file, found));
  const [first] = faults;
  if (!ok) throw refusal(file, first?.code ?? "E_PACK_ALTERED", faults.length);
}

/** What a verification found, as text: one line per fault. */
export function renderVerification(file: string, found: AuditVerification): string {
  const { ok, trusted, faults, manifest } = found;
  if (!ok) return faults.map(({ code, message }) => `${code}  ${printable(message)}\n`).join("");
  const by = trusted
    ? "signed with the key you gave"
    : "signed with the key inside it; --key checks whose it is";
  const about = manifest
    ? `${manifest.candidateId}  ${manifest.runId}  ${manifest.createdAt}  ${manifest.files.length} files`
    : "";
  return `ok  ${printable(file)}  ${about}\n    whole, unchanged, ${by}\n`;
}

function refusal(file: string, code: AuditFaultCode, count: number): CliError {
  const unreadable = code === "E_PACK_UNREADABLE" || code === "E_PACK_LIMIT";
  return new CliError({
    code,
    exit: unreadable ? EXIT.invalid : EXIT.refused,
    message: unreadable
      ? "the file can't be read as an audit pack"
      : `the audit pack isn't sound: ${count === 1 ? "1 fault" : `${count} faults`}`,
    value: file,
    action: unreadable
      ? "Check the path; a pack is the plain tar that `baton artifacts get` writes."
      : "Don't rely on it: fetch it again with `baton artifacts get` and verify that.",
  });
}

async function readKey(path: string): Promise<string> {
  const bytes = await readInput(path, {
    maxBytes: MAX_KEY_BYTES,
    limit: "16 KiB per key",
    silentMs: SILENT_MS,
  });
  return new TextDecoder().decode(bytes);
}

function badKey(path: string, error: unknown): unknown {
  if (!(error instanceof Error && error.name === "AuditKeyError")) return error;
  const action = "action" in error && typeof error.action === "string" ? error.action : undefined;
  return new CliError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `--key: ${error.message}`,
    value: path,
    action: action ?? "Give an Ed25519 public key as PEM.",
    cause: error,
  });
}
