import { signedText } from "@baton/contracts";

import type { AnyCommand } from "./command-words.ts";
import type { SigningKey } from "./key-file.ts";

/** The command with its time set to `time` and signed: everything but the signature is in what is signed. */
export function signCommand<C extends AnyCommand>(command: C, key: SigningKey, time: Date): C {
  const unsigned = { ...command, time: time.toISOString(), publicKey: key.publicKey };
  const bytes = key.sign(new TextEncoder().encode(signedText(unsigned)));
  return { ...unsigned, signature: Buffer.from(bytes).toString("base64url") };
}
