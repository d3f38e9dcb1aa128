/**
 * Signed commands: who asks proves it with an Ed25519 key in NATS's own form (an nkey of a user). Signing and verifying is I/O
 * for this package; what is signed is said here.
 */
import { z } from "zod";

import { canonicalJson } from "./canonical-json.ts";
import { wireObject } from "./wire.ts";

/** Public half of a person's or a system's key: an nkey of a user. Its checksum is checked where a key is let in. */
export const PublicKey = z
  .string()
  .regex(/^U[A-Z2-7]{55}$/, "publicKey: an nkey of a user, U and 55 characters of A-Z and 2-7");
export type PublicKey = z.infer<typeof PublicKey>;

/** An Ed25519 signature: 64 bytes in base64url without padding; the last character's unused bits are zero. */
export const Signature = z
  .string()
  .regex(/^[A-Za-z0-9_-]{85}[AQgw]$/, "signature: 64 bytes in base64url without padding");
export type Signature = z.infer<typeof Signature>;

/** Longest time between signing a command and storing it, in milliseconds; also how far clocks may differ. */
export const SIGNED_WITHIN_MS = 600_000;

/** A signature and the key it was made with, as the journal keeps them. */
export const CommandSignature = wireObject({ publicKey: PublicKey, signature: Signature });
export type CommandSignature = z.infer<typeof CommandSignature>;

/** A part that people play, such as `risk`; the playbook says what it may answer, the key registry who has it. */
export const Role = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "role: 1 to 31 of a-z, 0-9 and '-', starting with a letter");
export type Role = z.infer<typeof Role>;

/**
 * The text whose UTF-8 bytes are signed: canonical JSON (RFC 8785) of the command, or of the receipt, as it is sent, without
 * `signature`. The mesh, the id, the candidate, the time and the public key are in it. Throws on what has no canonical form.
 */
export function signedText(message: object): string {
  const { signature: _, ...rest }: { signature?: unknown } = message;
  return canonicalJson(rest);
}
