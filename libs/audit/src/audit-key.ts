import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from "node:fs";

import { readPrivateFile, UnsafeFile } from "@baton/files";

/** Largest key file in bytes; a real one has about 120. */
const MAX_KEY_BYTES = 4096;

/** The key can't be used, and what to do about it. */
export class AuditKeyError extends Error {
  override readonly name = "AuditKeyError";
  readonly code = "E_AUDIT_KEY";
  readonly action: string;

  constructor(message: string, action: string, options?: ErrorOptions) {
    super(message, options);
    this.action = action;
  }
}

/** A public Ed25519 key, by which packs are checked. */
export interface AuditPublicKey {
  /** `ed25519-` and 16 hex digits of SHA-256 over the key's DER. */
  readonly id: string;
  /** SPKI DER in base64. */
  readonly spki: string;
  readonly pem: string;
  /** True if `signature` (64 bytes) was made over `bytes` with the private half. */
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** A key pair that signs packs. The private half never leaves it. */
export interface AuditKey extends AuditPublicKey {
  sign(bytes: Uint8Array): Uint8Array;
}

function publicKeyOf(key: KeyObject): AuditPublicKey {
  const der = key.export({ type: "spki", format: "der" });
  return {
    id: `ed25519-${createHash("sha256").update(der).digest("hex").slice(0, 16)}`,
    spki: der.toString("base64"),
    pem: key.export({ type: "spki", format: "pem" }).toString(),
    verify: (bytes, signature) => verify(null, bytes, key, signature),
  };
}

/** The public key in `text`: PEM, or SPKI DER in base64. Throws an AuditKeyError; a private key is refused, so that nobody gets used to handing it round. */
export function parsePublicKey(text: string): AuditPublicKey {
  const trimmed = text.trim();
  if (trimmed.includes("PRIVATE KEY"))
    throw new AuditKeyError("this is a private key", "Give the public key instead.");
  try {
    const key = trimmed.startsWith("-----")
      ? createPublicKey(trimmed)
      : createPublicKey({ key: Buffer.from(trimmed, "base64"), format: "der", type: "spki" });
    if (key.asymmetricKeyType === "ed25519") return publicKeyOf(key);
  } catch (cause) {
    throw new AuditKeyError("not a public key", "Give an Ed25519 key as PEM.", { cause });
  }
  throw new AuditKeyError("not an Ed25519 key", "Give an Ed25519 key as PEM.");
}

function keyOf(pem: string, path: string): AuditKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new AuditKeyError(
      `${path} holds no private key in PEM form`,
      "Restore it from a backup, or move it away to get a new one.",
      { cause },
    );
  }
  if (key.asymmetricKeyType !== "ed25519")
    throw new AuditKeyError(`${path} holds no Ed25519 key`, "Name the right file.");
  return { ...publicKeyOf(createPublicKey(key)), sign: (bytes) => sign(null, bytes, key) };
}

/** Reads the key of an existing file, which only its owner may read (0600 or 0400); undefined if there is none. */
function readKeyFile(path: string): AuditKey | undefined {
  try {
    const pem = readPrivateFile(path, { maxBytes: MAX_KEY_BYTES });
    return pem === undefined ? undefined : keyOf(pem, path);
  } catch (cause) {
    if (!(cause instanceof UnsafeFile)) throw cause;
    throw new AuditKeyError(cause.message, cause.action, { cause });
  }
}

/**
 * The key in the file at `path`. With `create`, a missing file is made (mode 0600, whole or not at all; of two who make
 * it at once both get the same). Throws an AuditKeyError.
 */
export function openAuditKey(path: string, options: { create?: boolean } = {}): AuditKey {
  const found = readKeyFile(path);
  if (found) return found;
  if (!options.create)
    throw new AuditKeyError(
      `there is no audit key at ${path}`,
      "`baton up` makes one; or name another file in BATON_AUDIT_KEY_FILE.",
    );
  const { privateKey } = generateKeyPairSync("ed25519");
  const partial = `${path}.${process.pid}.new`;
  try {
    const file = openSync(partial, "wx", 0o600);
    try {
      writeSync(file, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(partial, path);
  } catch (cause) {
    const made = readKeyFile(path);
    if (made) return made;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AuditKeyError(`the audit key can't be written: ${why}`, "Check the directory.", {
      cause,
    });
  } finally {
    rmSync(partial, { force: true });
  }
  return openAuditKey(path);
}
