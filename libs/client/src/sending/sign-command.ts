import { type MeshName, signedText } from "@baton/contracts";
import type { AnyCommand } from "@baton/views";

import type { SigningKey } from "../people/key-file.ts";

/** The command, which names its mesh, with its time set to `time` and signed: all but the signature is in what is signed. */
export function signCommand<C extends AnyCommand & { readonly mesh: MeshName }>(
  command: C,
  key: SigningKey,
  time: Date,
): C {
  const unsigned = { ...command, time: time.toISOString(), publicKey: key.publicKey };
  const bytes = key.sign(new TextEncoder().encode(signedText(unsigned)));
  return { ...unsigned, signature: Buffer.from(bytes).toString("base64url") };
}
