import type { MeshName } from "@baton/contracts";
import { type Signer, signerOf } from "@baton/people";
import type { ServiceContext } from "@baton/service";

import type { CoordinatorConfig } from "./config.ts";

/** What the mesh is called, and the key that its receipts are signed with: its people are told both. */
export function identityOf(
  { config, log }: Pick<ServiceContext<CoordinatorConfig>, "config" | "log">,
  name: MeshName | undefined,
): { name: MeshName; signer: Signer | undefined } {
  if (name === undefined) throw new TypeError("the streams carry no name of a mesh");
  const seed = config.BATON_NATS_SEED;
  const signer = seed === undefined ? undefined : signerOf(seed);
  if (signer) {
    const trust = `baton trust ${name} ${signer.publicKey}`;
    log.info({ mesh: name, receiptKey: signer.publicKey, trust }, "mesh named");
  } else log.warn({ mesh: name }, "no key (BATON_NATS_SEED_FILE): receipts aren't signed");
  return { name, signer };
}
