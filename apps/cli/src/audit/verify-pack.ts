/** `baton audit verify FILE`: needs no server. */
import { type AuditFaultCode, type AuditVerification, verifyAuditPack } from "@baton/audit";
import { registryIn } from "@baton/client";
import { print } from "@baton/terminal";
import { counted } from "@baton/text/counted";
import { printable } from "@baton/text/printable";
import { UserError, EXIT } from "@baton/text/user-error";

import type { Globals } from "../globals.ts";
import { readInput } from "../submit/read-input.ts";

/** Longest public key file. */
const MAX_KEY_BYTES = 16 * 1024;
const SILENT_MS = 10_000;

/** What the command line said. */
export interface VerifyOptions {
  /** Files. */
  readonly key?: string;
  readonly people?: string;
  readonly selfSigned?: true;
}

/**
 * Verifies the pack and prints what was found; throws `UserError` if anything is wrong with it, and if it is signed by nobody
 * that was named, unless that is enough.
 */
export async function verifyPack(file: string, options: Globals & VerifyOptions): Promise<void> {
  const publicKey = options.key === undefined ? undefined : await readKey(options.key);
  const people = options.people === undefined ? undefined : await registryIn(options.people);
  const found = await verifyAuditPack(file, {
    ...(publicKey !== undefined && { publicKey }),
    ...(people && { people }),
  }).catch((error: unknown) => {
    throw badKey(options.key ?? "", error);
  });
  const { ok, trusted, faults, manifest, commands } = found;
  const { candidateId, runId, createdAt } = manifest ?? {};
  const known = people !== undefined;
  const result = { file, ok, trusted, candidateId, runId, createdAt, commands, known, faults };
  await print(options.format, result, () => renderVerification(file, found, { known }));
  const [first] = faults;
  if (!ok) throw refusal(file, first?.code ?? "E_PACK_ALTERED", faults.length);
  if (!trusted && options.selfSigned !== true) throw selfSigned(file);
}

/** What a verification found, as text: one line per fault. `known`: commands were held against a key registry. */
export function renderVerification(
  file: string,
  found: AuditVerification,
  { known }: { readonly known: boolean },
): string {
  const { ok, trusted, faults, manifest, commands } = found;
  if (!ok) return faults.map(({ code, message }) => `${code}  ${printable(message)}\n`).join("");
  const by = trusted ? "signed with the key you gave" : SELF_SIGNED;
  const about = manifest
    ? `${manifest.candidateId}  ${manifest.runId}  ${manifest.createdAt}  ${counted(manifest.files.length, "file")}`
    : "";
  const { signed, unsigned } = commands;
  const whose = known
    ? "by people of your registry"
    : "by keys whose owners you didn't name (--people)";
  const nobody = unsigned > 0 ? `; ${unsigned} unsigned: who sent them isn't known` : "";
  return [
    `ok  ${printable(file)}  ${about}`,
    `    whole, unchanged, ${by}`,
    `    ${signed} of ${signed + unsigned} commands signed, ${whose}${nobody}`,
    "",
  ].join("\n");
}

const SELF_SIGNED = "self-signed, by nobody you named";

function selfSigned(file: string): UserError {
  return new UserError({
    code: "E_PACK_KEY",
    exit: EXIT.refused,
    message: `the audit pack is ${SELF_SIGNED}: whoever made it up can sign it`,
    value: file,
    action:
      "Give the mesh's public key by --key (of a `baton up`: audit.pub in its data folder); --self-signed is enough to see that nothing changed since.",
  });
}

function refusal(file: string, code: AuditFaultCode, count: number): UserError {
  const unreadable = code === "E_PACK_UNREADABLE" || code === "E_PACK_LIMIT";
  return new UserError({
    code,
    exit: unreadable ? EXIT.invalid : EXIT.refused,
    message: unreadable
      ? "the file can't be read as an audit pack"
      : `the audit pack isn't sound: ${counted(count, "fault")}`,
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
  return new UserError({
    code: "E_INVALID",
    exit: EXIT.invalid,
    message: `--key: ${error.message}`,
    value: path,
    action: action ?? "Give an Ed25519 public key as PEM.",
    cause: error,
  });
}
