/**
 * What people signed, as a pack carries it: each command's canonical text, whose UTF-8 bytes the signature is over, so that
 * whoever has the public key can check it without any code of ours. Of the mesh's controls it carries those that the journal's
 * entries were decided under: who engaged and released the kill switch, opened and closed incidents and tasks, accepted a loss.
 */
import { CommandId, CommandSignature, Identity, MESH_ID, signedText } from "@baton/contracts";
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

/** The part of the section about retries and pauses that tells of the mesh's controls. */
const MeshSection = z.object({
  mesh: z.object({
    entries: z.array(z.object({ sequence: z.int(), cause: z.unknown() })),
    /** Absent in packs of releases that didn't carry what people signed about the mesh. */
    carriesCommands: z.literal(true).optional(),
  }),
});

interface Said {
  readonly candidateId: string;
  readonly cause: unknown;
}

/**
 * Holds every command that the journal and its controls name as a cause against what the pack carries. With `people` each must
 * be signed by the one whose name it bears; without, each signature must fit its own key, and be there where the coordinator
 * knew people.
 */
export function checkCommands(
  rows: readonly JournalRow[],
  sections: {
    readonly commands: Uint8Array | undefined;
    readonly controls: Uint8Array | undefined;
  },
  people: People | undefined,
): SignatureCount & { readonly faults: readonly AuditFault[] } {
  const packed = jsonIn(z.array(PackedCommand), sections.commands);
  if (!packed) return { signed: 0, unsigned: 0, faults: [wrong("the section has another form")] };
  const byId = new Map(packed.map((one) => [`${aboutWhat(one)} ${one.commandId}`, one]));
  const mesh = jsonIn(MeshSection, sections.controls)?.mesh;
  const faults: AuditFault[] = missingControls(rows, mesh);
  const own = rows.map(({ entry }) => ({ candidateId: entry.candidateId, cause: entry["cause"] }));
  const ofMesh = (mesh?.entries ?? []).map(({ cause }) => ({ candidateId: MESH_ID, cause }));
  let signed = 0;
  let unsigned = 0;
  for (const { candidateId, cause } of [...own, ...ofMesh] satisfies Said[]) {
    const said = Cause.safeParse(cause).data;
    if (!said) continue;
    const { signature, roles, commandId } = said;
    const isOlder = candidateId === MESH_ID && mesh?.carriesCommands !== true;
    if (isOlder || (!signature && !people && roles === undefined)) {
      unsigned += 1;
      continue;
    }
    const sent = valueOf(byId.get(`${candidateId} ${commandId}`));
    const found = signedCommand(sent, { ...said, candidateId }, { people });
    if (typeof found === "string") faults.push(wrong(printed(found)));
    else signed += 1;
  }
  return { signed, unsigned, faults };
}

/** Each state that an entry was decided under must be told, or what was signed in it isn't. */
function missingControls(
  rows: readonly JournalRow[],
  mesh: z.infer<typeof MeshSection>["mesh"] | undefined,
): AuditFault[] {
  if (mesh?.carriesCommands !== true) return [];
  const told = new Set(mesh.entries.map(({ sequence }) => sequence));
  const named = new Set(
    rows.flatMap(({ entry }) => z.int().safeParse(entry["controls"]).data ?? []),
  );
  return [...named]
    .filter((sequence) => !told.has(sequence))
    .map((sequence) => wrong(`CONTROLS ${sequence}, under which it was decided, isn't told of`));
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

/** What a packed command says that it is about. */
function aboutWhat(packed: PackedCommand): string {
  const value = valueOf(packed);
  const about = z.object({ candidateId: z.string() }).safeParse(value).data;
  return about?.candidateId ?? "";
}

function jsonIn<T>(schema: z.ZodType<T>, bytes: Uint8Array | undefined): T | undefined {
  if (!bytes) return undefined;
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}
