/** Which mesh a command is for: nothing is signed, and no answer believed, before that is known. */
import type { MeshName, Receipt } from "@baton/contracts";
import { readMeshName } from "@baton/mesh";
import { isSigned } from "@baton/people";
import { UserError, EXIT } from "@baton/text/user-error";

import type { Session } from "./session.ts";
import type { TrustedMesh } from "./trusted-meshes.ts";

/** The mesh of the server that a command goes to. */
export interface MeshMeant {
  readonly name: MeshName;
  /** Its keys, if the user knows it; undefined: nobody vouches for it. */
  readonly trusted: TrustedMesh | undefined;
}

/**
 * Asks the server which mesh it has and looks it up among those that the user knows. One that nobody knows gets nothing that is
 * signed, and nothing at all at an address that nobody named. Throws `UserError`.
 */
export async function meshMeant(
  { jsm, address, trusts }: Pick<Session, "jsm" | "address" | "trusts">,
  { signed }: { readonly signed: boolean },
): Promise<MeshMeant> {
  const name = await readMeshName(jsm);
  if (name === undefined) {
    throw new UserError({
      code: "E_UNAVAILABLE",
      exit: EXIT.unavailable,
      message: `there is no mesh on ${address.url} (from ${address.source}); nothing was sent`,
      action: "Start its coordinator, or name the server that is meant by --server.",
    });
  }
  const known = trusts();
  const trusted = known.find((one) => one.name === name);
  const named = address.source !== "default" && known.length === 0;
  if (trusted || (named && !signed)) return { name, trusted };
  throw new UserError({
    code: "E_DENIED",
    exit: EXIT.notAuthorised,
    message: `${address.url} (from ${address.source}) says that it is ${name}, a mesh that you don't know; nothing was sent`,
    rule: "commands go to meshes that the user was told of: any server may say anything",
    action: `If it is the one that is meant, ask whoever keeps it for the line \`baton trust ${name} KEY\`, which its coordinator's log has; otherwise correct --server or BATON_NATS_URL. \`baton trust\` lists the meshes that you know.`,
  });
}

/** What is wrong with an answer; undefined if the mesh gave it to this command. */
export function faultOf(
  { receipt, value }: { readonly receipt: Receipt; readonly value: object },
  to: { readonly id: string; readonly sha256: string; readonly mesh: MeshMeant },
): string | undefined {
  if (receipt.commandId !== to.id || receipt.commandSha256 !== to.sha256)
    return "it is about another command";
  if (receipt.mesh !== to.mesh.name) return `it comes from ${receipt.mesh}`;
  const keys = to.mesh.trusted?.receiptKeys ?? [];
  if (keys.length === 0) return undefined;
  const { publicKey, signature } = receipt;
  if (publicKey === undefined || signature === undefined) return "it isn't signed";
  if (!keys.includes(publicKey)) return `it is signed with ${publicKey}, which you don't trust`;
  return isSigned(value, { publicKey, signature }) ? undefined : "its signature doesn't fit";
}
