/**
 * What people signed, as a pack carries it: each command's canonical text, whose UTF-8 bytes the signature is over, so that
 * whoever has the public key can check it without any code of ours.
 */
import { CommandId, CommandSignature, Identity, signedText } from "@baton/contracts";
import { type People, signedCommand } from "@baton/people";
import { z } from "zod";

import { type AuditFault, fault } from "./audit-fault.ts";
import type { JournalRow } from "./journal-extract.ts";

/** One command of the section `commands`; without a signature where people aren't known. */
export const PackedCommand = z.object({
  commandId: CommandId,
  text: z.string(),
  ...CommandSignature.partial().shape,
});
export type PackedCommand = z.infer<typeof PackedCommand>;

/** A stored command as a pack carries it. Throws on what has no canonical form. */
export function packCommand(commandId: string, value: object): PackedCommand {
  const { publicKey, signature } = CommandSignature.partial().parse(value);
  return {
    commandId,
    text: signedText(value),
    ...(publicKey !== undefined && { publicKey }),
    ...(signature !== undefined && { signature }),
  };
}

/** How far a pack's commands are borne out by signatures. */
export interface SignatureCount {
  /** Signed, and the signature fits. */
  readonly signed: number;
  /** People weren't known when they were taken. */
  readonly unsigned: number;
}

const Cause = z.object({
  kind: z.literal("command"),
  commandId: CommandId,
  type: z.string(),
  by: Identity,
  roles: z.array(z.string()).optional(),
  signature: CommandSignature.optional(),
});

/**
 * Holds every command that the journal names as a cause against what the pack carries. With `people` each must be signed by the
 * one whose name it bears; without, each signature must fit its own key, and be there where the coordinator knew people.
 */
export function checkCommands(
  rows: readonly JournalRow[],
  section: Uint8Array | undefined,
  people: People | undefined,
): SignatureCount & { readonly faults: readonly AuditFault[] } {
  const faults: AuditFault[] = [];
  const packed = readSection(section);
  if (!packed) return { signed: 0, unsigned: 0, faults: [wrong("the section has another form")] };
  const byId = new Map(packed.map((one) => [one.commandId, one]));
  let signed = 0;
  let unsigned = 0;
  for (const { entry } of rows) {
    const cause = Cause.safeParse(entry["cause"]);
    if (!cause.success) continue;
    const { signature, roles, commandId } = cause.data;
    if (!signature && !people && roles === undefined) {
      unsigned += 1;
      continue;
    }
    const said = { ...cause.data, candidateId: entry.candidateId };
    const found = signedCommand(valueOf(byId.get(commandId)), said, { people });
    if (typeof found === "string") faults.push(wrong(printed(found)));
    else signed += 1;
  }
  return { signed, unsigned, faults };
}

/** Names in it come from the pack. */
function printed(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function wrong(what: string): AuditFault {
  return fault("E_PACK_COMMAND", `commands: ${what}`);
}

/** The command that was signed; undefined if the text isn't its canonical one. */
function valueOf(packed: PackedCommand | undefined): unknown {
  if (!packed) return undefined;
  const { text, signature } = packed;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || signedText(value) !== text) return undefined;
    return { ...value, signature };
  } catch {
    return undefined;
  }
}

function readSection(bytes: Uint8Array | undefined): readonly PackedCommand[] | undefined {
  if (!bytes) return undefined;
  try {
    return z.array(PackedCommand).safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
