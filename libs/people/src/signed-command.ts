/** Whether a stored command bears out what is said of it: checked by whoever relies on it, not only by the coordinator. */
import { type CommandSignature, Command, ControlCommand, type MeshName } from "@baton/contracts";

import { isSigned } from "./keys.ts";
import type { People } from "./registry.ts";

/** What is said of a command: an entry's cause, or an approval. */
export interface SaidOfCommand {
  readonly commandId: string;
  readonly candidateId: string;
  readonly type: string;
  readonly by: string;
  /** As the entry keeps it; where it keeps a key alone, that. */
  readonly signature?: Partial<CommandSignature> | undefined;
}

/** What a command is held against. */
export interface HeldAgainst {
  /** Undefined: nobody is known, and only the signature itself is checked. */
  readonly people: People | undefined;
  /** Undefined: whatever mesh it names. */
  readonly mesh?: MeshName | undefined;
}

/** The command in a stored value, signed and by the one who is said to have sent it; else what is wrong, as words. */
export function signedCommand(
  value: unknown,
  said: SaidOfCommand,
  { people, mesh }: HeldAgainst,
): Command | ControlCommand | string {
  const what = `command ${said.commandId} (${said.type} by ${said.by})`;
  if (value === undefined || typeof value !== "object" || value === null)
    return `${what} isn't stored`;
  const candidate = Command.safeParse(value);
  const command = candidate.success ? candidate.data : ControlCommand.safeParse(value).data;
  if (!command) return `${what} isn't a command`;
  const { id, candidateId, type, by, publicKey, signature } = command;
  const same =
    id === said.commandId &&
    candidateId === said.candidateId &&
    type === said.type &&
    by === said.by;
  if (!same) return `${what} is stored as ${type} of ${candidateId} by ${by}`;
  if (publicKey === undefined || signature === undefined) return `${what} isn't signed`;
  if (said.signature?.signature !== undefined && said.signature.signature !== signature)
    return `${what} was sent with another signature`;
  if (said.signature?.publicKey !== undefined && said.signature.publicKey !== publicKey)
    return `${what} was sent with another key`;
  const person = people?.get(publicKey);
  if (!isSigned(value, { publicKey, signature }, person?.key))
    return `${what} has a signature that doesn't fit`;
  if (people && !person)
    return `${what} is signed with ${publicKey}, which nobody is registered with`;
  if (person && person.name !== by) return `${what} is signed with ${person.name}'s key`;
  if (mesh !== undefined && command.mesh !== mesh)
    return `${what} is meant for ${command.mesh ?? "no mesh"}`;
  return command;
}
