/** What people signed about a candidate, for its audit pack. */
import { type PackedCommand, packCommand } from "@baton/audit";
import { MESH_ID, type StoredControls } from "@baton/contracts";
import { StageFailure } from "@baton/lanekit";
import type { Commands } from "@baton/mesh";

import type { JournalEntry } from "./ports.ts";

/**
 * Every command that the entries, and the states of the controls that they were decided under, name as their cause, once, in
 * their order. One that isn't stored isn't there to be sealed.
 */
export async function packedCommands(
  entries: readonly JournalEntry[],
  states: readonly StoredControls[],
  commands: Commands,
): Promise<readonly PackedCommand[]> {
  const packed = new Map<string, PackedCommand>();
  const causes = [
    ...entries.map(({ entry: { candidateId, cause } }) => ({ candidateId, cause })),
    ...states.map(({ controls: { cause } }) => ({ candidateId: MESH_ID, cause })),
  ];
  for (const { candidateId, cause } of causes) {
    if (cause.kind !== "command" || packed.has(`${candidateId} ${cause.commandId}`)) continue;
    const { commandId } = cause;
    const value = (await commands.find({ candidateId, commandId }))?.value;
    if (typeof value !== "object" || value === null)
      throw new StageFailure({
        class: "deterministic",
        code: "E_AUDIT_PACK",
        message: `command ${commandId} (${cause.type} by ${cause.by}) isn't stored: nobody could check who sent it`,
        action:
          "Nothing was sealed. Restore COMMANDS from its backup; then `baton resume ID --why …`.",
      });
    packed.set(`${candidateId} ${commandId}`, packCommand(commandId, value));
  }
  return [...packed.values()];
}
