/** Keys of people and of processes, in NATS's own form, for Node's own signatures: its library takes milliseconds for one. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

import { type CommandSignature, PublicKey, signedText } from "@baton/contracts";
import { fromPublic, fromSeed } from "@nats-io/nkeys";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** DER of an Ed25519 key up to its 32 bytes (RFC 8410). */
const SPKI_HEAD = Buffer.from("302a300506032b6570032100", "hex");
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const KEY_BYTES = 32;

/** The key in an nkey: a byte for the kind, 32 bytes, a checksum of two. Throws if it isn't one. */
export function keyOf(publicKey: PublicKey): KeyObject {
  // Checks kind and checksum.
  fromPublic(publicKey);
  const der = Buffer.concat([SPKI_HEAD, bytesOf(publicKey, 1)]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}

/** Signs messages: commands, receipts. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** The message with `publicKey` and `signature`. */
  sign<T extends object>(this: void, message: T): T & CommandSignature;
}

/** A signer with the nkey seed of a user. Throws if it isn't one. */
export function signerOf(seed: string): Signer {
  const publicKey = PublicKey.parse(fromSeed(new TextEncoder().encode(seed)).getPublicKey());
  const der = Buffer.concat([PKCS8_HEAD, bytesOf(seed, 2)]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return {
    publicKey,
    sign: (message) => {
      const unsigned = { ...message, publicKey };
      const bytes = sign(null, Buffer.from(signedText(unsigned)), key);
      return { ...unsigned, signature: bytes.toString("base64url") };
    },
  };
}

/** True if `message`, as it came over the wire, was signed with the key; it may be known already. */
export function isSigned(
  message: object,
  { publicKey, signature }: CommandSignature,
  known?: KeyObject,
): boolean {
  try {
    const key = known ?? keyOf(publicKey);
    return verify(null, Buffer.from(signedText(message)), key, Buffer.from(signature, "base64url"));
  } catch {
    // A key that is none, or a value that has no canonical form.
    return false;
  }
}

/** The 32 bytes of a key behind so many others. */
function bytesOf(nkey: string, skipped: number): Buffer {
  let bits = "";
  for (const character of nkey) bits += BASE32.indexOf(character).toString(2).padStart(5, "0");
  const bytes = Array.from({ length: KEY_BYTES }, (_, index) => {
    const at = (index + skipped) * 8;
    return Number.parseInt(bits.slice(at, at + 8), 2);
  });
  return Buffer.from(bytes);
}
