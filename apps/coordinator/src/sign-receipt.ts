/** Whom a receipt is from and which command it is about: both are part of it, and signed. */
import { createHash } from "node:crypto";

import type { MeshName, Receipt } from "@baton/contracts";
import type { Signer } from "@baton/people";

/** What a receipt says, before it is known to be anybody's. */
export type Answer = Pick<Receipt, "v" | "commandId" | "candidateId" | "outcome">;

/** The receipt for a command that came as `bytes`; unsigned where the coordinator has no key. */
export function receiptFor(
  bytes: Uint8Array,
  answer: Answer,
  from: { readonly name: MeshName; readonly signer: Signer | undefined },
): Receipt {
  const commandSha256 = createHash("sha256").update(bytes).digest("hex");
  const receipt = { ...answer, mesh: from.name, commandSha256 };
  return from.signer ? from.signer.sign(receipt) : receipt;
}
