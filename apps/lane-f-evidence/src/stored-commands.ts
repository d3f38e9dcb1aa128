/** What people signed about a candidate, for its audit pack. */
import { type PackedCommand, packCommand } from "@baton/audit";
import { StageFailure } from "@baton/lanekit";
import type { Commands } from "@baton/mesh";

import type { JournalEntry } from "./ports.ts";

/** Every command that the entries name as their cause, once, in their order. One that isn't stored isn't there to be sealed. */
export async function packedCommands(
  entries: readonly JournalEntry[],
  commands: Commands,
): Promise<readonly PackedCommand[]> {
  const packed = new Map<string, PackedCommand>();
  for (const { entry } of entries) {
    const { cause, candidateId } = entry;
    if (cause.kind !== "command" || packed.has(cause.commandId)) continue;
    const { commandId } = cause;
    const value = (await commands.find({ candidateId, commandId }))?.value;
    if (typeof value !== "object" || value === null)
      throw new StageFailure({
        class: "deterministic",
        code: "E_AUDIT_PACK",
        message: `command ${commandId} (${cause.type} by ${cause.by}) isn't stored: nobody could check who sent it`,
        action: "Nothing was sealed. Restore COMMANDS from its backup; then `baton resume`.",
      });
    packed.set(commandId, packCommand(commandId, value));
  }
  return [...packed.values()];
}
