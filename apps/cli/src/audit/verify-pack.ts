/** `baton audit verify FILE`: needs no server. */
import { type AuditVerification, verifyAuditPack } from "@baton/audit";

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
  const { ok, trusted, faults } = found;
  await print(options.format, { file, ok, trusted, faults }, () => renderVerification(file, found));
  if (ok) return;
  const [first] = faults;
  const unreadable = first?.code === "E_PACK_UNREADABLE";
  throw new CliError({
    code: first?.code ?? "E_PACK_ALTERED",
    exit: unreadable ? EXIT.invalid : EXIT.refused,
    message: `${first?.message ?? "the pack isn't whole"}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ""}`,
    value: file,
    action:
      "Don't rely on this pack: fetch it again with `baton artifacts get` and compare digests.",
  });
}

/** What a verification found, as text. */
export function renderVerification(file: string, found: AuditVerification): string {
  const { ok, trusted, faults, manifest } = found;
  if (!ok) return faults.map(({ code, message }) => `${code}  ${printable(message)}\n`).join("");
  const by = trusted
    ? "signed with the key you gave"
    : "signed with the key inside it; give --key to check whose";
  const about = manifest ? `${manifest.candidateId} ${manifest.runId}` : "";
  return `ok  ${printable(file)}  ${about}\n    whole, unchanged, ${by}\n`;
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
